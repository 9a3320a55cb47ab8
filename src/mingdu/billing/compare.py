"""Why a bill is higher or lower than the month before (与上月比较): causes that sum to the difference."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from mingdu.base.actors import Actor
from mingdu.core.bill import thousandths_text
from mingdu.core.change import Billed, Factor, causes_of_change, energy_at_same_use_wh
from mingdu.rulebook.bill_case import read_determinants, read_period
from mingdu.rulebook.case_readings import read_quantities
from mingdu.rulebook.document import Node
from mingdu.rulebook.tariff_reader import read_tariff

from .account_bills import AccountBills, bills_beside
from .document import bill_document
from .line_words import REGISTERS
from .months import thirteen_months
from .period import month_before
from .rows import REVERSAL, BillRow

PERMILLE = 1000


@dataclass(frozen=True)
class Cause:
    """One cause with its part of the difference; more than zero made the bill higher [fen]."""

    code: str
    words: str
    amount_fen: int


@dataclass(frozen=True)
class Comparison:
    """A bill beside the bill of the month before; the amounts of the causes sum to after − before."""

    before_id: int
    before_fen: int
    after_fen: int
    causes: tuple[Cause, ...]


@dataclass(frozen=True)
class EnergyComparison:
    """A bill beside a month that has none: only what the registers counted; its price is not known."""

    before_first: date
    before_wh: int
    is_estimated: bool
    after_wh: int

    @property
    def difference_wh(self) -> int:
        """What was used more than in the month before; below zero, less."""
        return self.after_wh - self.before_wh


def compare_bills(by: Actor, bill_id: int, *, now: datetime) -> Comparison | None:
    """
    Compare a bill with the bill of the month before that stands now.

    returns  None where there is nothing to compare: a reversal, or no bill of the month before
    raises   UnknownBill, the same for a foreign bill; NotPermitted; BillNotReproduced
    Call it outside a transaction: one that the error rolls back would take the audit row along.
    """
    bills = bills_beside(by, bill_id, now=now)
    row = bills.of(bill_id)
    return comparison(bills.standing(month_before(row.period_from)), row)


def compare_energy(by: Actor, bill_id: int, *, now: datetime) -> EnergyComparison | None:
    """
    Compare the energy of a bill with that of the month before, where that month has registers but no bill.

    returns  None for a reversal, beside a month that has a bill, and where the registers were not read
    raises   UnknownBill, the same for a foreign bill; NotPermitted
    Call it outside a transaction: one that the error rolls back would take the audit row along.
    """
    bills = bills_beside(by, bill_id, now=now)
    return energy_comparison(bills, bills.of(bill_id))


def energy_comparison(bills: AccountBills, row: BillRow) -> EnergyComparison | None:
    """Compare one of the bills with the registers of a month before that has no bill; else None."""
    before = thirteen_months(bills.standing, row.usage_point_id, row.period_from)[-2]
    if row.kind == REVERSAL or before.is_billed or before.energy_wh is None:
        return None
    return EnergyComparison(before.first_day, before.energy_wh, before.is_estimated, row.energy_wh)


def comparison(before: BillRow | None, after: BillRow) -> Comparison | None:
    """Compare two bills of one account; None where one is missing or the later one is a reversal."""
    if before is None or after.kind == REVERSAL:
        return None
    old, new = _Read.of(before), _Read.of(after)
    causes = tuple(
        Cause(share.factor.value, _words(share.factor, old, new), share.amount_fen)
        for share in causes_of_change(old.billed, new.billed)
    )
    return Comparison(before.id, before.total_fen, after.total_fen, causes)


@dataclass(frozen=True)
class _Read:
    """A bill as a document and as what it was rated from."""

    document: dict[str, Any]
    billed: Billed

    @classmethod
    def of(cls, row: BillRow) -> _Read:
        """
        Read a stored bill back into the columns it was rated from.

        raises  BillNotReproduced
        """
        document = bill_document(row)
        case = Node(document["input"], f"bill {row.id}")
        period, tariff = read_period(case.at("period")), read_tariff(case.at("tariff"))
        given = case.find("readings"), case.find("determinants"), case.find("curve")
        quantities = read_quantities(*given)
        billed = Billed(tariff, read_determinants(case, tariff, period, quantities), period.days)
        # Else the causes would not sum to the difference of the two bills.
        assert int(billed.rated().total_fen[0]) == row.total_fen
        return cls(document, billed)

    def quantity(self, line_id: str) -> str:
        """What a line was paid for, in its unit; empty without the line."""
        return next((line["quantity"] for line in self.document["lines"] if line["id"] == line_id), "")


def _words(factor: Factor, old: _Read, new: _Read) -> str:
    if factor is Factor.DAYS:
        return _words_of_days(old.billed, new.billed)
    if factor is Factor.ENERGY:
        return _words_of_energy(old.billed, new.billed)
    if factor is Factor.SHIFT:
        return _words_of_shift(old.billed, new.billed)
    if factor is Factor.DEMAND:
        return _words_of_demand(old, new)
    if factor is Factor.POWER_FACTOR:
        return _words_of_power_factor(old, new)
    return {
        Factor.TIERS: _("A different share of the energy falls into the dearer tiers"),
        Factor.LOSSES: _("Other losses of transformer and line"),
        Factor.PRICE: _("Another price table holds this month: new prices or another season"),
        Factor.TARIFF: _("The account changed to another kind of price"),
    }[factor]


def _words_of_days(old: Billed, new: Billed) -> str:
    difference = energy_at_same_use_wh(old, new.days) - old.energy_wh
    kwh = f"{'+' if difference > 0 else '−'}{_kwh(abs(difference))}"
    figures = {"before": old.days, "after": new.days, "kwh": kwh}
    return _("%(after)s days instead of %(before)s: at the same daily use %(kwh)s kWh") % figures


def _words_of_energy(old: Billed, new: Billed) -> str:
    difference = new.energy_wh - energy_at_same_use_wh(old, new.days)
    kwh = {"kwh": _kwh(abs(difference))}
    if new.days == old.days:
        return _("%(kwh)s kWh more used") % kwh if difference > 0 else _("%(kwh)s kWh less used") % kwh
    if difference > 0:
        return _("%(kwh)s kWh more used, the number of days left aside") % kwh
    return _("%(kwh)s kWh less used, the number of days left aside") % kwh


def _words_of_shift(old: Billed, new: Billed) -> str:
    shares = [
        (REGISTERS[register], _percent(part, old.energy_wh), _percent(new.priced_wh[register], new.energy_wh))
        for register, part in old.priced_wh.items()
    ]
    moved = (f"{name} {before} → {after}" for name, before, after in shares)
    return _("Energy moved between the periods: %(shares)s") % {"shares": _(", ").join(moved)}


def _words_of_demand(old: _Read, new: _Read) -> str:
    line, unit = ("demand", "kW") if new.quantity("demand") else ("capacity", "kVA")
    figures = {"before": old.quantity(line), "after": new.quantity(line), "unit": unit}
    if figures["before"] == figures["after"]:
        return _("The price of the basic charge depends on the energy a kVA")
    return _("Basic charge for %(after)s %(unit)s instead of %(before)s %(unit)s") % figures


def _words_of_power_factor(old: _Read, new: _Read) -> str:
    before, after = (read.document["determinants"].get("power_factor", "–") for read in (old, new))
    return _("Power factor %(before)s → %(after)s") % {"before": before, "after": after}


def _kwh(energy_wh: int) -> str:
    return f"{Decimal(thousandths_text(energy_wh)):,.2f}"


def _percent(part_wh: int, whole_wh: int) -> str:
    permille = (2 * part_wh * PERMILLE + whole_wh) // (2 * whole_wh) if whole_wh else 0
    return f"{permille // 10}.{permille % 10}%"
