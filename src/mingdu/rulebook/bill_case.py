"""One bill from one file: the case of CONTRACTS "bill" in, the bill as JSON values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from mingdu.core.bill import BillHead, Correction, write_bill
from mingdu.core.determinants import Determinants
from mingdu.core.rating import rate
from mingdu.core.registers import Register
from mingdu.core.tariff import QuantityFrom, Tariff, TierBasis
from mingdu.core.transformer_loss import Losses, Transformer
from mingdu.core.types import Ints
from mingdu.errors import TradeError
from mingdu.rulebook.case_readings import (
    ENERGY_REGISTERS,
    REACTIVE,
    THOUSANDTHS,
    CaseQuantities,
    read_quantities,
)
from mingdu.rulebook.document import Node, to_plain
from mingdu.rulebook.rule_files import rules_hash, tariff_document
from mingdu.rulebook.tariff_reader import read_tariff

SCHEMA = "mingdu/bill-case/1"
CASE_KEYS = (
    *("schema", "account", "period", "tariff", "losses", "readings", "curve", "determinants", "corrections"),
)
HOURS_OF_DAY = 24
MONTHS_OF_YEAR = 12
HUNDRED = 100
SPREAD = "SPREAD"


class CorrectionNotApproved(TradeError):
    """A correction without the person who approved it must not reach a bill."""

    next_step = "write approved_by, or leave the correction out"


@dataclass(frozen=True)
class Period:
    """Days of a bill, end excluded."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.end - self.start).days

    @property
    def months(self) -> int:
        """Months billed; part of a month counts as a whole one (facts 1.2)."""
        whole = (self.end.year - self.start.year) * MONTHS_OF_YEAR + self.end.month - self.start.month
        return max(whole + (self.end.day > self.start.day), 1)


def make_bill(
    case: Mapping[str, Any], rules_folder: Path | None = None, file: str = "case"
) -> dict[str, Any]:
    """
    Make the bill of one case.

    case          the mapping of CONTRACTS "bill": decimals as text, days as dates or ISO text
    rules_folder  folder rules/, used when `tariff:` is a name; None: that of this checkout
    file          named in errors
    returns       JSON values; `input` is the canonical case, so that `verify_bill` needs nothing else
    raises        every error of reading, tariff and rating, each a TradeError
    """
    canonical = canonical_case(case, rules_folder, file)
    node = Node(canonical, file)
    period = read_period(node.at("period"))
    tariff = read_tariff(node.at("tariff"))
    quantities = read_quantities(node.find("readings"), node.find("determinants"), _curve(node, tariff))
    rated = rate(tariff, read_determinants(node, tariff, period, quantities))
    head = BillHead(
        account=node.at("account").at("number").text(),
        period_from=period.start,
        period_to=period.end,
        currency="CNY",
        checks=quantities.checks,
        program=f"mingdu {version('mingdu')}",
        rules_hash=rules_hash(canonical["tariff"]),
        input=canonical,
    )
    return write_bill(rated, 0, head, _corrections(node.find("corrections")))


def canonical_case(case: Mapping[str, Any], rules_folder: Path | None, file: str) -> dict[str, Any]:
    """The case as JSON values, with the tariff written out where it was a name."""
    node = Node(case, file)
    node.only(CASE_KEYS)
    node.at("schema").choice((SCHEMA,))
    plain: dict[str, Any] = to_plain(node)
    tariff = node.at("tariff")
    named = tariff.value if isinstance(tariff.value, str) else None
    if named is not None:
        period = read_period(node.at("period"))
        plain["tariff"] = tariff_document(named, period.start, period.end, rules_folder)
    return plain


def _curve(node: Node, tariff: Tariff) -> Node | None:
    """The sums of the curve, which stand where the tariff says so and nowhere else."""
    curve, is_by_curve = node.find("curve"), tariff.quantity_from is QuantityFrom.CURVE
    if (curve is not None) != is_by_curve:
        told = "the tariff bills by the curve" if is_by_curve else "the tariff bills by registers"
        raise node.bad(told, "curve")
    return curve


def read_period(node: Node) -> Period:
    """Read `{from, to}`; raises BadDocument when it is empty or longer than a year."""
    node.only(("from", "to"))
    period = Period(node.at("from").day(), node.at("to").day())
    if not 0 < period.days <= 366:
        raise node.bad("a period of 1 … 366 days is expected", "to")
    return period


def read_determinants(node: Node, tariff: Tariff, period: Period, quantities: CaseQuantities) -> Determinants:
    """Return what a case is rated from, as columns of one row."""
    account, tariff_node = node.at("account"), node.at("tariff")
    amounts = quantities.amounts
    capacity = account.find("capacity_kva")
    basic = tariff_node.find("basic")
    contract = (basic.find("contract_kw") if basic else None) or account.find("contract_kw")
    reactive = [amounts[register] for register in REACTIVE.values() if register in amounts]
    before, months = _tier_facts(node, tariff, period)
    losses = _losses(node.find("losses"), capacity, period)
    return Determinants(
        energy_wh=quantities.energy_columns(),
        reactive_varh=_column(sum(reactive)) if reactive else None,
        demand_w=_column(amounts[Register.DEMAND]) if Register.DEMAND in amounts else None,
        contract_w=_column(contract.scaled("kW", THOUSANDTHS)) if contract else None,
        capacity_va=_column(capacity.scaled("kVA", THOUSANDTHS)) if capacity else None,
        used_before_wh=_column(before),
        months=_column(months),
        losses={0: losses} if losses else {},
    )


def _tier_facts(node: Node, tariff: Tariff, period: Period) -> tuple[int, int]:
    """Energy used before on the same bounds [Wh], and the months that the bounds are scaled to."""
    if tariff.tiers is None:
        return 0, 1
    sources = [node.find("determinants"), node.at("tariff").at("tiers")]
    before = next((found for source in sources if source and (found := source.find("used_before_kwh"))), None)
    used = next((found for source in sources if source and (found := source.find("months_used"))), None)
    months = used.whole() if used else MONTHS_OF_YEAR
    if used and not 1 <= months <= MONTHS_OF_YEAR:
        raise used.bad("1 … 12 months of a supply year can be used")
    if tariff.tiers.basis is TierBasis.MONTH:
        months = period.months
    return before.scaled("kWh", THOUSANDTHS) if before else 0, months


def _losses(node: Node | None, capacity: Node | None, period: Period) -> Losses | None:
    if node is None:
        return None
    node.only(("transformer", "line_pct", "joins"))
    transformer, line = node.find("transformer"), node.find("line_pct")
    joins = (transformer.find("joins") if transformer else None) or node.find("joins")
    name = joins.choice((*ENERGY_REGISTERS, SPREAD)) if joins else Register.FLAT.name
    line_pct = line.decimal("%") if line else None
    if line is not None and not 0 <= line.decimal("%") < HUNDRED:
        raise line.bad("a line loss is at least 0 % and below 100 %")
    return Losses(
        transformer=_transformer(transformer, capacity, period) if transformer else None,
        line_pct=line_pct,
        joins=None if name == SPREAD else ENERGY_REGISTERS[name],
    )


def _transformer(node: Node, capacity: Node | None, period: Period) -> Transformer:
    node.only(("rated_kva", "p0_kw", "pk_kw", "i0_pct", "uk_pct", "k", "hours", "joins"))
    rated, hours = node.find("rated_kva") or capacity, node.find("hours")
    if rated is None:
        raise node.bad("neither rated_kva nor the account's capacity_kva is given", "rated_kva")
    transformer = Transformer(
        rated_kva=rated.decimal("kVA"),
        p0_kw=node.at("p0_kw").decimal("kW"),
        pk_kw=node.at("pk_kw").decimal("kW"),
        i0_pct=node.at("i0_pct").decimal("%"),
        uk_pct=node.at("uk_pct").decimal("%"),
        k=node.at("k").decimal("times"),
        hours=hours.decimal("h") if hours else Decimal(period.days * HOURS_OF_DAY),
    )
    values = vars(transformer).values()
    if min(values) < 0 or transformer.rated_kva == 0 or transformer.hours == 0:
        raise node.bad("no value of a transformer is negative, and its rating and hours are not zero")
    return transformer


def _corrections(node: Node | None) -> list[Correction]:
    corrections = []
    for item in node.items() if node else ():
        item.only(("id", "kind", "energy_kwh", "amount", "clause", "approved_by"))
        if item.find("approved_by") is None:
            raise CorrectionNotApproved(f"{item.key} is approved by nobody", file=item.file, key=item.key)
        kind = item.at("kind").choice(("refund", "supplement"))
        energy, amount = item.find("energy_kwh"), item.at("amount")
        amount_fen = amount.scaled("yuan", 2)
        if (amount_fen > 0) if kind == "refund" else (amount_fen < 0):
            raise amount.bad(f"the sign does not fit a {kind}")
        correction = Correction(
            id=item.at("id").text(),
            kind=kind,
            energy_wh=energy.scaled("kWh", THOUSANDTHS) if energy else 0,
            amount_fen=amount_fen,
            clause=item.at("clause").text(),
            approved_by=item.at("approved_by").text(),
        )
        corrections.append(correction)
    return corrections


def _column(value: int) -> Ints:
    return np.array([value], dtype=np.int64)
