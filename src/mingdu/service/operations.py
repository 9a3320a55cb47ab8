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
from mingdu.base.queries import unit_code
from mingdu.billing.queries import BillView, UnknownBill, bill_of_account, refused_bill
from mingdu.core.clock import civil_day
from mingdu.customers.queries import AccountView, account_for
from mingdu.errors import TradeError
from mingdu.rounds.operations import RereadOrder, order_reread
from mingdu.rulebook.calendars import working_calendar
from mingdu.rulebook.promises import case_promises
from mingdu.work.operations import TaskAlreadyDone, TaskOrder, complete_task, open_task

from .case_door import locked_open_case, refuse_foreign
from .events import CaseClosed
from .models import Case, CaseClosure
from .queries import REREAD_ENDS, standing_bill
from .telling import tell


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
    """
    What the customer says, about which account and bill, over which channel.

    attachments   (file name, hash) of what was stored with it (base.attachments)
    """

    account_number: str
    kind: CaseKind
    words: str
    channel: str = "app"
    bill_id: int | None = None
    attachments: tuple[tuple[str, str], ...] = ()


def open_case(order: CaseOrder, *, by: Actor, at: datetime) -> Case:
    """
    Open a case with an owner and a limit, and tell the customer.

    raises  UnknownAccount for a foreign account exactly as for an unknown one, UnknownBill, NotPermitted
    """
    require(by, "service.open_case")
    account = account_for(by, order.account_number, "service.open_case", now=at)
    bill = _named_bill(order.bill_id, account, by, at)
    with transaction.atomic():
        return _open(order, account, bill, by=by, at=at)


def ask_reread(case_number: str, *, by: Actor, at: datetime) -> int:
    """
    Send a reader to the meter of the case's bill: he reads what the bill was made from.

    While he is under way, asking again changes nothing; after he was there, it sends him again.
    returns  the task's number
    raises   UnknownCase, NoBillInCase, CaseAlreadyClosed, NotPermitted
    """
    require(by, "service.work")
    refuse_foreign(case_number, by, "service.work", now=at)
    with transaction.atomic():
        return _ask_reread(locked_open_case(case_number), by=by, at=at)


def close_case(
    case_number: str, outcome: Outcome, *, words: str = "", by: Actor, at: datetime
) -> CaseClosure:
    """
    End a case by the customer's own word; the event makes the callback.

    raises  UnknownCase for a foreign case exactly as for an unknown one, CaseAlreadyClosed, NotPermitted
    """
    require(by, "service.close")
    refuse_foreign(case_number, by, "service.close", now=at)
    with transaction.atomic():
        case = locked_open_case(case_number)
        closure = case.close(outcome, words, by=by, at=at)
        _end_task(case, outcome, at)
        publish(CaseClosed(case.pk, case.account_id, outcome), at=at)
        audit.record(by, "service.close_case", f"case:{case.number}", at=at, details={"outcome": outcome})
        return closure


def _named_bill(bill_id: int | None, account: AccountView, by: Actor, at: datetime) -> BillView | None:
    """Return the account's bill that a case is about; one of a foreign account leaves an audit row."""
    if bill_id is None:
        return None
    try:
        return bill_of_account(account.id, bill_id)
    except UnknownBill as unknown:
        raise refused_bill(by, bill_id, "service.open_case", now=at) from unknown


def _open(order: CaseOrder, account: AccountView, bill: BillView | None, *, by: Actor, at: datetime) -> Case:
    number = _next_number(at)
    details = {"kind": order.kind, "account": account.account_number}
    subject, due_at = f"case:{number}", _promised(order.kind, account.unit_id, at)
    task = open_task(
        TaskOrder("case", subject, subject, "agent", account.unit_id, details=details, due_at=due_at),
        by=SYSTEM,
        at=at,
    )
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
    enclosed = {"attachments": [list(each) for each in order.attachments]} if order.attachments else {}
    case.note("opened", by=by, at=at, details=enclosed)
    audit.record(by, "service.open_case", subject, at=at, details={"account": account.account_number})
    template = "repair_opened" if order.kind == CaseKind.REPAIR_REQUEST else "case_opened"
    tell(case, template, {"due": f"{case.due_at.astimezone(settings.ZONE):%Y-%m-%d %H:%M}"}, at=at)
    return case


def _promised(kind: CaseKind, unit_id: int, at: datetime) -> datetime:
    """By when a case of this kind is to be answered, or a crew to be there, as promised on that day."""
    promises = case_promises(civil_day(at, settings.ZONE), settings.RULES_FOLDER)
    area = promises.area(unit_code(unit_id))
    return promises.of(kind).due_at(at, area, working_calendar(settings.RULES_FOLDER))


def _ask_reread(case: Case, *, by: Actor, at: datetime) -> int:
    if case.bill_id is None:
        raise NoBillInCase(f"case {case.number} names no bill", case=case.number)
    bill = standing_bill(case.account_id, case.bill_id)
    visits = case.events.filter(what__in=REREAD_ENDS).count()
    order = RereadOrder(
        key=f"reread:{case.number}:{visits + 1}",
        usage_point_id=bill.usage_point_id,
        registers=bill.registers,
        read_at=bill.read_to,
        reason=f"case:{case.number}",
    )
    task_id = order_reread(order, by=by, at=at)
    if not case.events.filter(what="reread_ordered", details__task=task_id).exists():
        case.note("reread_ordered", by=by, at=at, details={"task": task_id})
        tell(case, "reread_ordered", {}, about=f"{task_id}", at=at)
    return task_id


def _end_task(case: Case, outcome: str, at: datetime) -> None:
    try:
        complete_task(case.task_id, outcome, by=SYSTEM, at=at)
    except TaskAlreadyDone:
        # An agent has ended his own work on it before the customer gave his word.
        return


def _next_number(at: datetime) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('service_case_number')")
        row = cursor.fetchone()
    return f"{at.astimezone(settings.ZONE):%Y%m%d}{row[0]:06d}"
