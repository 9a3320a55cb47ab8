"""Working on a case at the desk: an answer in words, and a correction proposed out of the case."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.permissions import require, scope
from mingdu.billing.corrections import propose_correction
from mingdu.billing.queries import corrections_of_bill
from mingdu.errors import TradeError

from .models import Case, CaseClosure
from .operations import CaseAlreadyClosed, NoBillInCase
from .queries import refused_case, standing_bill
from .telling import tell


class AnswerMissing(TradeError):
    """The answer has no words."""

    next_step = "say what was found and what comes next"


class ProposalWaits(TradeError):
    """A correction of this bill waits for its approval already."""

    next_step = "let an approver decide about it first"


def answer_case(number: str, words: str, *, by: Actor, at: datetime) -> None:
    """
    Answer a customer in words: they are written into the case and sent to his inbox.

    raises  AnswerMissing, UnknownCase for a foreign case exactly as for an unknown one, CaseAlreadyClosed,
            NotPermitted
    """
    require(by, "service.work")
    if not words.strip():
        raise AnswerMissing("an answer needs words", case=number)
    _refuse_foreign(by, number, "service.work", at)
    with transaction.atomic():
        case = _open_case(number)
        event = case.note("answered", by=by, at=at, details={"words": words})
        tell(case, "case_answered", {"words": words}, about=f"{event.pk}", at=at)
        audit.record(by, "service.answer_case", f"case:{number}", at=at)


def propose_from_case(number: str, reason: str, *, by: Actor, at: datetime) -> int:
    """
    Propose to bill the case's bill again from the readings known now; an approver decides.

    reason   the colleague's own words; the customer reads them when the bill is corrected
    returns  the number of the correction
    raises   UnknownCase for a foreign case exactly as for an unknown one, CaseAlreadyClosed, NoBillInCase,
             ProposalWaits, NothingToCorrect, NotBillable, BillAlreadyCorrected, NotPermitted
    """
    require(by, "billing.correct")
    _refuse_foreign(by, number, "service.read", at)
    with transaction.atomic():
        case = _open_case(number)
        if case.bill_id is None:
            raise NoBillInCase(f"case {number} names no bill", case=number)
        bill = standing_bill(case.account_id, case.bill_id)
        if any(not known.approved_by for known in corrections_of_bill(bill.id)):
            raise ProposalWaits(f"a correction of bill {bill.id} waits", bill=bill.id)
        made = propose_correction(bill.id, reason, case_id=case.pk, by=by, at=at)
        details = {"correction": made.pk, "bill": bill.id, "difference_fen": made.difference_fen}
        case.note("correction_proposed", by=by, at=at, details=details)
        return made.pk


def _refuse_foreign(by: Actor, number: str, verb: str, at: datetime) -> None:
    case = Case.objects.filter(number=number).first()
    if case is None or not scope(by, verb).covers_unit(case.unit_id):
        raise refused_case(by, number, verb, now=at)


def _open_case(number: str) -> Case:
    """Return a known case, locked: of two who act on it the later one sees what the earlier one did."""
    case = Case.objects.select_for_update().get(number=number)
    if CaseClosure.objects.filter(case=case).exists():
        raise CaseAlreadyClosed(f"case {number} is closed", case=number)
    return case
