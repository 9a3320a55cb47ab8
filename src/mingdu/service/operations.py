"""Cases: opened by the customer or for him, worked by agents, closed by the customer's own word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.db import connection, transaction

from mingdu.base import audit
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.outbox import publish
from mingdu.base.permissions import require
from mingdu.billing.queries import BillView, bill_of_account
from mingdu.customers.queries import AccountView, account_by_id, account_for
from mingdu.errors import TradeError
from mingdu.notices.operations import Notice, send
from mingdu.rounds.operations import RereadOrder, order_reread
from mingdu.work.operations import TaskAlreadyDone, TaskOrder, complete_task, open_task

from .events import CaseClosed
from .models import Case, CaseClosure, CaseEvent
from .queries import UnknownCase


class CaseAlreadyClosed(TradeError):
    """The customer has closed this case before."""

    next_step = "open a new case"


class NoBillInCase(TradeError):
    """A re-read of a bill was asked for in a case that names no bill."""

    next_step = "open the case from the bill's page"


class CaseKind(StrEnum):
    """First kinds of cases; the tree of types grows as data."""

    BILL_TOO_HIGH = "bill_too_high"
    READING_WRONG = "reading_wrong"
    REPAIR_REQUEST = "repair_request"
    ENQUIRY = "enquiry"


class Outcome(StrEnum):
    """The customer's own word on whether it is solved."""

    FIXED = "fixed"
    PARTLY = "partly"
    NOT_FIXED = "not_fixed"


@dataclass(frozen=True)
class CaseOrder:
    """What the customer says, about which account and bill, over which channel."""

    account_number: str
    kind: CaseKind
    words: str
    channel: str = "app"
    bill_id: int | None = None


def open_case(order: CaseOrder, *, by: Actor, at: datetime) -> Case:
    """
    Open a case with an owner and a limit, and tell the customer.

    raises  UnknownAccount for a foreign account exactly as for an unknown one, UnknownBill, NotPermitted
    """
    require(by, "service.open_case")
    account = account_for(by, order.account_number, "service.open_case", now=at)
    bill = bill_of_account(account.id, order.bill_id) if order.bill_id is not None else None
    return _open(order, account, bill, by=by, at=at)


@transaction.atomic
def ask_reread(case_number: str, *, by: Actor, at: datetime) -> int:
    """
    Send a reader to the meter of the case's bill: he reads what the bill was made from.

    returns  the task's number
    raises   UnknownCase, NoBillInCase, CaseAlreadyClosed
    """
    case = _open_case(case_number)
    require(by, "service.work", case.unit_id)
    if case.bill_id is None:
        raise NoBillInCase(f"case {case_number} names no bill", case=case_number)
    bill = bill_of_account(case.account_id, case.bill_id)
    order = RereadOrder(
        key=f"reread:{case.number}",
        usage_point_id=bill.usage_point_id,
        registers=bill.registers,
        read_at=bill.read_to,
        reason=f"case:{case.number}",
    )
    task = order_reread(order, by=by, at=at)
    note(case, "reread_ordered", by=by, at=at, details={"task": task.pk})
    tell(case, "reread_ordered", {"case": case.number}, at=at)
    return task.pk


@transaction.atomic
def close_case(
    case_number: str, outcome: Outcome, words: str = "", *, by: Actor, at: datetime
) -> CaseClosure:
    """
    End a case by the customer's own word; the event makes the callback.

    raises  UnknownCase, CaseAlreadyClosed, NotPermitted
    """
    case = _open_case(case_number)
    if by.is_customer and case.account_id not in by.account_ids:
        audit.record(by, "service.foreign_case", f"case:{case_number}", at=at)
        raise UnknownCase(f"no case {case_number}", case=case_number)
    require(by, "service.close", case.unit_id, account_id=case.account_id)
    closure = CaseClosure.objects.create(case=case, outcome=outcome, words=words, by=by.id, at=at)
    note(case, "closed", by=by, at=at, details={"outcome": outcome})
    _end_task(case, outcome, at)
    publish(CaseClosed(case.pk, case.account_id, outcome), at=at)
    audit.record(by, "service.close_case", f"case:{case.number}", at=at, details={"outcome": outcome})
    return closure


def note(case: Case, what: str, *, by: Actor, at: datetime, details: dict[str, object] | None = None) -> None:
    """Write one thing that happened to a case; for this subject's operations and consumers."""
    require(SYSTEM, "service.work")
    CaseEvent.objects.create(case=case, what=what, at=at, by=by.id, details=details or {})


@transaction.atomic
def _open(order: CaseOrder, account: AccountView, bill: BillView | None, *, by: Actor, at: datetime) -> Case:
    number = _next_number(at)
    task = open_task(
        TaskOrder("case", f"case:{number}", f"case:{number}", "agent", account.unit_id, details={"kind": order.kind}),
        by=SYSTEM, at=at,
    )  # fmt: skip
    case = Case.objects.create(
        number=number,
        account_id=account.id,
        unit_id=account.unit_id,
        kind=order.kind,
        channel=order.channel,
        words=order.words,
        bill_id=bill.id if bill else None,
        task_id=task.pk,
        opened_by=by.id,
        opened_at=at,
        due_at=task.due_at,
    )
    note(case, "opened", by=by, at=at)
    audit.record(
        by, "service.open_case", f"case:{number}", at=at, details={"account": account.account_number}
    )
    tell(
        case,
        "case_opened",
        {"case": number, "due": f"{case.due_at.astimezone(settings.ZONE):%Y-%m-%d %H:%M}"},
        at=at,
    )
    return case


def _end_task(case: Case, outcome: str, at: datetime) -> None:
    try:
        complete_task(case.task_id, outcome, by=SYSTEM, at=at)
    except TaskAlreadyDone:
        return


def tell(case: Case, template: str, variables: dict[str, str], *, at: datetime) -> None:
    """Send a notice about a case to its customer; the same template is told once a case."""
    require(SYSTEM, "notices.send")
    account = account_by_id(case.account_id)
    notice = Notice(
        recipient=f"customer:{account.customer_id}",
        template=template,
        key=f"{template}:{case.number}",
        variables=variables,
        language=account.customer_language,
    )
    send(notice, by=SYSTEM, at=at)


def _open_case(number: str) -> Case:
    case = Case.objects.select_for_update().filter(number=number).first()
    if case is None:
        raise UnknownCase(f"no case {number}", case=number)
    if CaseClosure.objects.filter(case=case).exists():
        raise CaseAlreadyClosed(f"case {number} is closed", case=number)
    return case


def _next_number(at: datetime) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('service_case_number')")
        row = cursor.fetchone()
    assert row is not None
    return f"{at:%Y%m%d}{row[0]:06d}"
