"""A small town whose end registers were mistyped, billed all the same, and the people who put it right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from acting import staff
from mingdu.base import ledger, outbox
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.roles import Role
from mingdu.billing.queries import BillView
from mingdu.core.registers import Register
from mingdu.rounds.operations import FieldItem
from mingdu.town.identity import account_number, usage_point_code
from small_town import FREEZES, SmallTown, freeze_readings, midnight, register_town

# Monday, 2027-01-04 09:00 in the utility's zone.
NOW = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
POINTS = 120
SHOP = 101
# What was typed too much into the end registers: 50 kWh.
SLIP_DIGITS = 5_000
MISTYPED = (Register.TOTAL, Register.PEAK)
END_OF_DECEMBER = FREEZES[-1]


@dataclass
class Stage:
    """
    The town and who acts in it.

    slip_day  the freeze whose TOTAL and PEAK were mistyped at every meter
    """

    small: SmallTown
    unit_id: int
    slip_day: date
    agent: Actor
    reader: Actor
    approver: Actor
    engineer: Actor
    homes: Iterator[int] = field(default_factory=lambda: iter(()))

    def new_home(self) -> int:
        """Return the number of a home that no test has used before; it has a bill of each issued month."""
        return next(self.homes)

    def customer(self, number: int) -> Actor:
        """Return the customer of a point's account, signed in."""
        from mingdu.customers.queries import account_by_id, actor_of_customer

        actor = actor_of_customer(account_by_id(self.small.account_ids[number]).customer_id)
        assert actor is not None
        return actor

    def bill(self, number: int, period: str = "2026-12") -> BillView:
        """Return the bill of a month that stands."""
        from mingdu.billing.queries import issued_bills

        bills = issued_bills(self.small.account_ids[number])
        return next(bill for bill in bills if bill.period == period and bill.is_current)

    def open_case(self, number: int, period: str | None = "2026-12") -> str:
        """Let the customer say that a bill is too high; None: he names no bill. Returns the case's number."""
        from mingdu.service.operations import CaseKind, CaseOrder, open_case

        bill_id = self.bill(number, period).id if period else None
        order = CaseOrder(account_number(number), CaseKind.BILL_TOO_HIGH, "电费太高了", bill_id=bill_id)
        return open_case(order, by=self.customer(number), at=NOW).number

    def order_reread(self, number: int, *registers: Register, reason: str = "review") -> int:
        """Send the reader to a meter for the slip day's freeze; each call is a task of its own."""
        from mingdu.rounds.operations import RereadOrder, order_reread

        key = f"{reason}:{number}:{registers}:{self.slip_day}"
        read_at = midnight(self.slip_day)
        order = RereadOrder(
            key, self.small.point_ids[number], registers or (Register.TOTAL,), read_at, reason
        )
        return order_reread(order, by=SYSTEM, at=NOW)

    def item(self, number: int, task_id: int, register: Register = Register.TOTAL) -> FieldItem:
        """Return what the reader's phone sends after he read the meter itself."""
        digits = self.true_digits(number, register)
        return FieldItem(
            client_id=f"phone-7:{task_id}:{register.name}",
            task_id=task_id,
            register=register,
            value=decimal_text(digits),
            read_at=midnight(self.slip_day),
            taken_at=NOW,
        )

    def agreeing_item(self, number: int, task_id: int, register: Register = Register.TOTAL) -> FieldItem:
        """Return what the phone sends when the meter shows what is on file."""
        typed = self.true_digits(number, register) + SLIP_DIGITS * (register in MISTYPED)
        return replace(self.item(number, task_id, register), value=decimal_text(typed))

    def true_digits(self, number: int, register: Register = Register.TOTAL) -> int:
        """Return what the meter itself shows for the slip day."""
        return int(self.small.town.registers([number], (self.slip_day,))[register][0, 0])


def decimal_text(digits: int) -> str:
    """Return energy digits as the register shows them."""
    return f"{digits // 100}.{digits % 100:02d}"


def build_stage(*months: str, slip_day: date = END_OF_DECEMBER) -> Stage:
    """Register the town, store its freezes with the slip, and issue the months."""
    from mingdu.metering.queries.facts import point_facts_by_id

    small = register_town(POINTS, at=NOW)
    for day in FREEZES:
        slip = SLIP_DIGITS if day == slip_day else 0
        readings = [
            (number, register, day, digits + slip * (register in MISTYPED))
            for number, register, _, digits in freeze_readings(small.town, day)
        ]
        assert not small.store(readings, at=NOW).bad
    unit_id = point_facts_by_id(small.point_ids[1]).unit_id
    stage = Stage(
        small,
        unit_id,
        slip_day,
        agent=staff(Role.AGENT, units={unit_id}, number=1),
        reader=staff(Role.READER, units={unit_id}, number=2),
        approver=staff(Role.APPROVER, units={unit_id}, number=3),
        engineer=staff(Role.ENGINEER, units={unit_id}, number=4),
    )
    for month in months:
        issue_month(stage, month)
    stage.homes = iter(_homes_with_bills(stage, months))
    return stage


def issue_month(stage: Stage, month: str) -> None:
    """Rehearse, approve and issue the bills of a month, with the worker's part done here."""
    from mingdu.billing.operations import approve_run, issue_run, rehearse

    run = rehearse(month, by=SYSTEM, at=NOW)
    assert ledger.finish_run(run.ledger_run_id, NOW).is_done
    approve_run(run.pk, by=stage.approver, at=NOW)
    assert ledger.finish_run(issue_run(run.pk, by=SYSTEM, at=NOW), NOW).is_done
    outbox.deliver_all(NOW)


def _homes_with_bills(stage: Stage, months: tuple[str, ...]) -> list[int]:
    from mingdu.billing.queries import issued_bills

    return [
        number
        for number, account_id in stage.small.account_ids.items()
        if not stage.small.town.bucket(0).roster.is_shop[number - 1]
        and {bill.period for bill in issued_bills(account_id)} >= set(months)
    ]


def point_code(number: int) -> str:
    """Return the usage point's code of a number."""
    return usage_point_code(number)
