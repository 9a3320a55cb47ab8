"""Working on a case at the desk: an answer in words, and a correction proposed out of the case."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.permissions import require
from mingdu.billing.corrections import propose_correction
from mingdu.billing.queries import corrections_of_bill
from mingdu.errors import TradeError

from .case_door import locked_open_case, refuse_foreign
from .operations import NoBillInCase
from .queries import standing_bill
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
    refuse_foreign(number, by, "service.work", now=at)
    with transaction.atomic():
        case = locked_open_case(number)
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
    refuse_foreign(number, by, "service.read", now=at)
    with transaction.atomic():
        case = locked_open_case(number)
        if case.bill_id is None:
            raise NoBillInCase(f"case {number} names no bill", case=number)
        bill = standing_bill(case.account_id, case.bill_id)
        if any(not known.approved_by for known in corrections_of_bill(bill.id)):
            raise ProposalWaits(f"a correction of bill {bill.id} waits", bill=bill.id)
        made = propose_correction(bill.id, reason, case_id=case.pk, by=by, at=at)
        details = {"correction": made.pk, "bill": bill.id, "difference_fen": made.difference_fen}
        case.note("correction_proposed", by=by, at=at, details=details)
        return made.pk
