"""Corrections: reversal and rebill of one bill, proposed by one person and approved by another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from acting import staff
from billing.desk import (
    APPROVER,
    CLERK,
    CLERK_AND_APPROVER,
    issued,
    ledger_sums,
    receivables,
    rehearsed,
    rows_of_run,
)
from mingdu.base.actors import SYSTEM
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.billing import queries
from mingdu.billing.corrections import (
    BillAlreadyCorrected,
    CorrectionAlreadyApproved,
    NotBillable,
    NothingToCorrect,
    ProposalOutdated,
    UnknownCorrection,
    approve_correction,
    propose_correction,
)
from mingdu.billing.operations import ApprovalByProposer
from mingdu.billing.queries import UnknownBill
from mingdu.core.bill_check import verify_bill
from mingdu.core.money import yuan_text
from mingdu.core.registers import Register
from mingdu.work.operations import complete_task
from mingdu.work.queries import tasks_about
from small_town import FREEZES, SmallTown, build_small_town
from threads import at_once, only

pytestmark = pytest.mark.database

NOW = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
END = FREEZES[2]
# Homes that the town leaves without a fault; each test takes its own.
HOMES = (2, 4, 5, 7, 8, 9, 11, 13, 15, 19, 20, 23, 24, 26, 28, 31, 32, 33, 34, 35, 36, 38, 40, 43, 44, 48, 50)
LESS = -2_000


@dataclass
class Issued:
    """A town whose December is issued; hands out one home after the other."""

    town: SmallTown
    rows: dict[int, Any]
    homes: list[int] = field(default_factory=lambda: list(HOMES))

    def home(self) -> Home:
        number = self.homes.pop(0)
        return Home(self.town, number, self.rows[self.town.account_ids[number]])


@dataclass(frozen=True)
class Home:
    """A home with its issued bill."""

    town: SmallTown
    number: int
    bill: Any

    def show(self, digits: int) -> None:
        """Correct the register at the end of the month to what it really showed, against what was billed."""
        self.town.store(
            [(self.number, Register.TOTAL, END, self.bill.to_digits[0] + digits)], at=NOW, correct=True
        )

    def propose(self, bill_id: int = 0, by: Any = CLERK) -> Any:
        return propose_correction(bill_id or self.bill.id, "reread", by=by, at=NOW)

    def bills(self) -> list[Any]:
        return queries.issued_bills(self.bill.account_id)

    def owes(self) -> int:
        return receivables()[self.bill.account_id]


@pytest.fixture(scope="module")
def month(module_database: str) -> Iterator[Issued]:
    town = build_small_town(50, at=NOW)
    yield Issued(town, {row.account_id: row for row in rows_of_run(issued(NOW))})


@pytest.fixture
def home(month: Issued) -> Home:
    return month.home()


def test_reverses_exactly_and_bills_again(home: Home) -> None:
    home.show(LESS)
    correction = home.propose()
    assert home.owes() == home.bill.total_fen
    done = approve_correction(correction.pk, by=APPROVER, at=NOW)
    old, reversal, rebill = home.bills()
    assert (old.kind, reversal.kind, rebill.kind) == ("bill", "reversal", "rebill")
    assert (old.is_current, reversal.is_current, rebill.is_current) == (False, False, True)
    assert (reversal.id, rebill.id) == (done.reversal_id, done.rebill_id)
    assert reversal.of_bill_id == rebill.of_bill_id == old.id
    assert old.total_fen + reversal.total_fen == old.energy_wh + reversal.energy_wh == 0
    assert rebill.energy_wh == old.energy_wh - 20_000
    assert rebill.total_fen == old.total_fen + correction.difference_fen == home.owes()
    assert set(ledger_sums().values()) == {0}


def test_a_proposal_is_a_task_of_the_approver_until_it_is_carried_out(home: Home) -> None:
    home.show(LESS)
    first, second = home.propose(), home.propose()
    [task] = tasks_about(APPROVER, f"correction:{first.pk}")
    assert (task.kind, task.owner_role, task.outcome) == ("correction", "approver", "")
    # Eight hours of work, a long break at noon between them: Tuesday 09:00.
    assert task.due_at == datetime(2027, 1, 5, 1, 0, tzinfo=UTC)
    assert task.details["difference"] == yuan_text(first.difference_fen)
    assert (task.details["reason"], task.details["proposed_by"]) == ("reread", CLERK.id)
    approve_correction(second.pk, by=APPROVER, at=NOW)
    ended = [tasks_about(SYSTEM, f"correction:{each.pk}")[0].outcome for each in (first, second)]
    assert ended == ["superseded", "approved"]


def test_what_an_approver_wrote_into_his_task_stays(home: Home) -> None:
    home.show(LESS)
    correction = home.propose()
    [task] = tasks_about(SYSTEM, f"correction:{correction.pk}")
    complete_task(task.id, "looked at", by=APPROVER, at=NOW)
    approve_correction(correction.pk, by=APPROVER, at=NOW)
    assert tasks_about(SYSTEM, f"correction:{correction.pk}")[0].outcome == "looked at"


def test_the_papers_of_a_correction_can_be_checked(home: Home) -> None:
    home.show(LESS)
    approve_correction(home.propose().pk, by=APPROVER, at=NOW)
    bill, reversal, rebill = (queries.bill_json(CLERK, view.id, now=NOW) for view in home.bills())
    assert verify_bill(bill) == verify_bill(rebill) == {"ok": True}
    assert (bill["kind"], reversal["kind"], rebill["kind"]) == ("bill", "reversal", "rebill")
    assert (bill["of_bill"], rebill["of_bill"]) == (None, bill["bill"])
    assert reversal["total"] == f"-{bill['total']}"
    assert [line["amount"] for line in reversal["lines"]] == [f"-{line['amount']}" for line in bill["lines"]]
    assert [line["price"] for line in reversal["lines"]] == [line["price"] for line in bill["lines"]]
    assert "input" not in reversal


def test_a_proposal_waits_and_changes_nothing(home: Home) -> None:
    home.show(LESS)
    correction = home.propose()
    (view,) = [each for each in queries.open_corrections(CLERK) if each.id == correction.pk]
    assert (view.bill_id, view.difference_fen, view.reason) == (
        home.bill.id,
        correction.difference_fen,
        "reread",
    )
    assert (view.proposed_by, view.approved_by, view.rebill_id) == (CLERK.id, "", None)
    assert queries.corrections_of_bill(home.bill.id) == [view]
    assert [bill.is_current for bill in home.bills()] == [True]


def test_refuses_a_bill_that_stands(home: Home) -> None:
    with pytest.raises(NothingToCorrect):
        home.propose()
    assert queries.corrections_of_bill(home.bill.id) == []


def test_refuses_approval_by_the_proposer(home: Home) -> None:
    home.show(LESS)
    own = home.propose(by=CLERK_AND_APPROVER)
    for correction, by in ((own, CLERK_AND_APPROVER), (home.propose(), CLERK)):
        with pytest.raises(ApprovalByProposer):
            approve_correction(correction.pk, by=by, at=NOW)
    assert home.owes() == home.bill.total_fen


def test_refuses_a_proposal_that_later_readings_overtook(home: Home) -> None:
    home.show(LESS)
    correction = home.propose()
    home.show(LESS - 500)
    with pytest.raises(ProposalOutdated) as refused:
        approve_correction(correction.pk, by=APPROVER, at=NOW)
    assert refused.value.values["proposed_fen"] == correction.difference_fen
    assert len(home.bills()) == 1
    approve_correction(home.propose().pk, by=APPROVER, at=NOW)
    assert len(home.bills()) == 3


def test_approved_twice_is_carried_out_once(home: Home) -> None:
    home.show(LESS)
    correction = home.propose()
    approve_correction(correction.pk, by=APPROVER, at=NOW)
    with pytest.raises(CorrectionAlreadyApproved):
        approve_correction(correction.pk, by=APPROVER, at=NOW)
    assert len(home.bills()) == 3


def test_approved_at_once_is_carried_out_once(home: Home) -> None:
    home.show(LESS)
    correction = home.propose()
    outcomes = at_once([lambda: approve_correction(correction.pk, by=APPROVER, at=NOW).pk] * 3)
    assert only(outcomes, CorrectionAlreadyApproved) == [correction.pk]
    assert [bill.kind for bill in home.bills()] == ["bill", "reversal", "rebill"]


def test_two_proposals_of_one_bill_reverse_it_once(home: Home) -> None:
    home.show(LESS)
    proposals = [home.propose().pk, home.propose().pk]
    outcomes = at_once([lambda pk=pk: approve_correction(pk, by=APPROVER, at=NOW).pk for pk in proposals])
    assert len(only(outcomes, BillAlreadyCorrected)) == 1
    assert len(home.bills()) == 3
    assert home.owes() == home.bills()[2].total_fen


def test_a_rebill_can_be_corrected_but_the_old_bill_cannot(home: Home) -> None:
    home.show(LESS)
    approve_correction(home.propose().pk, by=APPROVER, at=NOW)
    home.show(LESS - 500)
    with pytest.raises(BillAlreadyCorrected):
        home.propose()
    rebill_id = home.bills()[2].id
    approve_correction(home.propose(rebill_id).pk, by=APPROVER, at=NOW)
    current = [bill for bill in home.bills() if bill.is_current]
    assert [bill.of_bill_id for bill in current] == [rebill_id]
    assert home.owes() == current[0].total_fen
    assert sum(bill.total_fen for bill in home.bills()) == home.owes()


def test_refuses_readings_that_give_no_bill(home: Home) -> None:
    home.show(home.bill.from_digits[0] - home.bill.to_digits[0] - 1)
    with pytest.raises(NotBillable) as refused:
        home.propose()
    assert refused.value.values["checks"] == ["register_fell"]
    assert len(home.bills()) == 1


def test_energy_beyond_the_gate_is_for_the_approver_to_judge(home: Home) -> None:
    home.show(100_000)
    assert home.propose().difference_fen > 0


def test_keeps_the_rules_of_the_bill(home: Home, tmp_path: Path) -> None:
    from django.test import override_settings

    home.show(LESS)
    with override_settings(RULES_FOLDER=tmp_path):
        approve_correction(home.propose().pk, by=APPROVER, at=NOW)
    assert queries.bill_json(CLERK, home.bills()[2].id, now=NOW)["rules_hash"] == home.bill.rules_hash


def test_tells_of_proposal_and_correction(home: Home) -> None:
    from mingdu.base import outbox
    from mingdu.base.models import OutboxEvent
    from mingdu.billing.events import BillCorrected, CorrectionProposed

    for event in (BillCorrected, CorrectionProposed):
        outbox.subscribe(event, "tests.billing", ignore)
    home.show(LESS)
    correction = home.propose()
    done = approve_correction(correction.pk, by=APPROVER, at=NOW)
    told = OutboxEvent.objects.filter(consumer="tests.billing", payload__correction_id=correction.pk)
    known = {"correction_id": correction.pk, "account_id": home.bill.account_id, "case_id": None}
    assert list(told.order_by("id").values_list("payload", flat=True)) == [
        known | {"difference_fen": correction.difference_fen},
        known | {
            "bill_id": home.bill.id, "rebill_id": done.rebill_id, "old_fen": home.bill.total_fen,
            "new_fen": home.owes(),
        },
    ]  # fmt: skip


def ignore(payload: dict[str, Any], at: datetime) -> None:
    """Take an event."""


def test_a_bill_of_a_foreign_unit_looks_like_none(home: Home) -> None:
    home.show(LESS)
    with pytest.raises(UnknownBill):
        home.propose(by=staff(Role.CLERK, units={10**6}))
    with pytest.raises(UnknownBill):
        home.propose(10**9)
    correction = home.propose()
    with pytest.raises(UnknownCorrection):
        approve_correction(correction.pk, by=staff(Role.APPROVER, units={10**6}, number=8), at=NOW)
    with pytest.raises(UnknownCorrection):
        approve_correction(10**9, by=APPROVER, at=NOW)
    here = staff(Role.APPROVER, units={1}, number=8)
    assert approve_correction(correction.pk, by=here, at=NOW).approved_by == here.id


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.CLERK, Role.SYSTEM)])
def test_only_the_clerk_proposes(month: Issued, role: Role) -> None:
    with pytest.raises(NotPermitted):
        propose_correction(1, "reread", by=staff(role), at=NOW)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.APPROVER])
def test_only_the_approver_approves(month: Issued, role: Role) -> None:
    waiting = queries.open_corrections(CLERK)[0]
    with pytest.raises(NotPermitted):
        approve_correction(waiting.id, by=staff(role, number=8), at=NOW)


def test_a_rehearsed_bill_cannot_be_corrected(month: Issued) -> None:
    """A run of the accounts that were held first has nothing issued yet."""
    from mingdu.billing.rows import BILL

    number = 16
    (freeze,) = (
        month.town.town.registers(slice(number, number + 1), FREEZES[1:2])[Register.TOTAL].ravel().tolist()
    )
    month.town.store([(number, Register.TOTAL, END, freeze + 100)], at=NOW, correct=True)
    (row,) = rows_of_run(rehearsed(NOW))
    assert (row.account_id, row.kind) == (month.town.account_ids[number], BILL)
    with pytest.raises(UnknownBill):
        propose_correction(row.id, "reread", by=CLERK, at=NOW)
