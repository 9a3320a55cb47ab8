"""A town with November and December issued, for the tests that look at one bill beside another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from billing.desk import APPROVER, CLERK
from mingdu.core.quality import Quality
from mingdu.core.registers import Register
from small_town import FREEZES, SmallTown, freeze_readings, register_town

BEFORE, FIRST, END = FREEZES
IN_DECEMBER = datetime(2026, 12, 4, 1, 0, tzinfo=UTC)
NOW = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
# ESTIMATED: a home whose register at the end of December was estimated.
HOME, SHOP, FACTORY, CORRECTED, ESTIMATED = 42, 101, 201, 2, 4


@dataclass(frozen=True)
class TwoMonths:
    """The town and its bills."""

    town: SmallTown

    def bills(self, number: int) -> list[Any]:
        """Return the issued bills of a point's account, the oldest first."""
        from mingdu.billing.queries import issued_bills

        return issued_bills(self.town.account_ids[number])

    def december(self, number: int) -> int:
        """Return the first bill of December."""
        return next(bill.id for bill in self.bills(number) if bill.period == "2026-12")

    def correct(self, number: int, day: date, by_digits: int, bill_id: int, *, at: datetime) -> Any:
        """Correct a freeze of the total, and take back and make again the bill; returns the correction."""
        from mingdu.billing.corrections import approve_correction, propose_correction

        shown = self.town.town.registers(slice(number, number + 1), (day,))[Register.TOTAL][0, 0]
        self.town.store([(number, Register.TOTAL, day, int(shown) + by_digits)], at=at, correct=True)
        correction = propose_correction(bill_id, "reading_wrong", by=CLERK, at=at)
        return approve_correction(correction.pk, by=APPROVER, at=at)


def build_two_months() -> TwoMonths:
    """Store the freezes and issue both months, each shortly after its end."""
    town = register_town(250, at=NOW)
    for day, at in ((BEFORE, IN_DECEMBER), (FIRST, IN_DECEMBER), (END, NOW)):
        readings = freeze_readings(town.town, day)
        guessed = [reading for reading in readings if (reading[0], day) == (ESTIMATED, END)]
        town.store([reading for reading in readings if reading not in guessed], at=at)
        town.store(guessed, at=at, quality=Quality.ESTIMATED_FLAT)
    issue_month("2026-11", at=IN_DECEMBER)
    issue_month("2026-12", at=NOW)
    return TwoMonths(town)


def issue_month(name: str, *, at: datetime) -> None:
    """Rehearse, approve and issue a month, with the workers' part done."""
    from mingdu.base import ledger
    from mingdu.billing.operations import approve_run, issue_run, rehearse

    run = rehearse(name, "", by=CLERK, at=at)
    ledger.finish_run(run.ledger_run_id, at)
    approve_run(run.pk, by=APPROVER, at=at)
    issue_id = issue_run(run.pk, by=CLERK, at=at)
    ledger.finish_run(issue_id, at)
    assert ledger.errors(issue_id) == []
