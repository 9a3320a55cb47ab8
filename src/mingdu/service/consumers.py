"""What service does when a re-read is in and when a bill was corrected."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mingdu.base.actors import SYSTEM
from mingdu.billing.corrections import NothingToCorrect, propose_correction
from mingdu.billing.queries import bill_of_account
from mingdu.core.money import yuan_text

from .models import Case
from .operations import note, tell


def weigh_reread(event: dict[str, Any], now: datetime) -> None:
    """Propose a correction when the re-read changes the case's bill; otherwise tell the customer that it stands."""
    kind, _, number = event["reason"].partition(":")
    case = Case.objects.filter(number=number).first() if kind == "case" else None
    if case is None or case.bill_id is None:
        return
    note(case, "reread_in", by=SYSTEM, at=now, details={"corrected": event["corrected"]})
    try:
        correction = propose_correction(case.bill_id, "reread", case_id=case.pk, by=SYSTEM, at=now)
    except NothingToCorrect:
        note(case, "explained", by=SYSTEM, at=now)
        amount = yuan_text(bill_of_account(case.account_id, case.bill_id).total_fen)
        tell(case, "case_explained", {"case": case.number, "amount": amount}, at=now)
        return
    details = {"correction": correction.pk, "difference_fen": correction.difference_fen}
    note(case, "correction_proposed", by=SYSTEM, at=now, details=details)


def tell_correction(event: dict[str, Any], now: datetime) -> None:
    """Write the correction into its case and tell the customer old, new and difference."""
    case = Case.objects.filter(pk=event["case_id"]).first() if event["case_id"] else None
    if case is None:
        return
    old, new = event["old_fen"], event["new_fen"]
    details = {"rebill": event["rebill_id"], "old_fen": old, "new_fen": new}
    note(case, "corrected", by=SYSTEM, at=now, details=details)
    variables = {
        "case": case.number,
        "old_amount": yuan_text(old),
        "new_amount": yuan_text(new),
        "difference": yuan_text(new - old),
    }
    tell(case, "bill_corrected", variables, at=now)
