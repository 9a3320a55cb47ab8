"""
A second, plain way to compute a bill: Decimal, one account, one line after the other.

It is the judge of `rating` and the engine of `mingdu verify`, so it shares no code with the kernels.
It reads the canonical case inside a bill and takes for granted that the form was checked once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from mingdu.core.bill_recompute_energy import recompute_energy

FEN = Decimal("0.01")
NANO = Decimal("0.000000001")
DIGITS = 80


@dataclass
class PlainLine:
    """One line: quantity × price, or base × rate; corrections have an amount only."""

    id: str
    amount: Decimal
    quantity: Decimal | None = None
    price: Decimal | None = None
    base: Decimal | None = None
    rate: Decimal | None = None
    in_base: bool = False


@dataclass
class PlainBill:
    """What the case comes to."""

    lines: list[PlainLine] = field(default_factory=list)
    included: list[PlainLine] = field(default_factory=list)
    determinants: dict[str, Decimal] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        """Sum of the lines."""
        return sum((line.amount for line in self.lines), Decimal(0))


def recompute(case: Mapping[str, Any]) -> PlainBill:
    """
    Compute the bill of a canonical case by hand arithmetic.

    case     the `input` of a bill: decimals as text, days as ISO text, the tariff written out
    returns  PlainBill, amounts in yuan
    raises   KeyError, ValueError, TypeError, ArithmeticError on a case that was never checked
    """
    with localcontext() as context:
        context.prec = DIGITS
        bill = PlainBill()
        energy = recompute_energy(case)
        bill.determinants.update(energy.determinants)
        tariff = case["tariff"]
        if tariff.get("tiers"):
            bill.lines += _tiers(case, tariff["tiers"], energy.billed_kwh)
        if tariff.get("components"):
            bill.lines += _components(tariff, energy.periods_kwh, energy.billed_kwh)
        if tariff.get("basic"):
            bill.lines.append(_basic(case, tariff["basic"], energy.metered_kwh, bill))
        if tariff.get("power_factor"):
            _power_factor(tariff["power_factor"], energy.whole_kwh, energy.whole_kvarh, bill)
        for correction in case.get("corrections") or ():
            line_id = f"correction.{correction['id']}"
            energy_kwh = Decimal(correction.get("energy_kwh") or "0")
            bill.lines.append(PlainLine(line_id, Decimal(correction["amount"]), energy_kwh))
        for share in tariff.get("included") or ():
            bill.included.append(_priced(share["id"], energy.billed_kwh, Decimal(str(share["price"]))))
        return bill


def _priced(line_id: str, quantity: Decimal, price: Decimal, in_base: bool = False) -> PlainLine:
    amount = (quantity * price).quantize(FEN, ROUND_HALF_UP)
    return PlainLine(line_id, amount, quantity, price, in_base=in_base)


def _tiers(case: Mapping[str, Any], tiers: Mapping[str, Any], energy: Decimal) -> list[PlainLine]:
    """Walk up the tiers, filling each one with what is still to place."""
    given = case.get("determinants") or {}
    used = Decimal(str(given.get("used_before_kwh") or tiers.get("used_before_kwh") or "0"))
    share = _share_of_bounds(case, tiers, given)
    lines, rest, place = [], energy, used
    for number, step in enumerate(tiers["steps"], start=1):
        room = rest
        if step.get("upto_kwh") is not None:
            bound = (Decimal(str(step["upto_kwh"])) * share).quantize(Decimal("0.001"), ROUND_HALF_UP)
            room = max(bound - place, Decimal(0))
        inside = min(rest, room)
        if inside > 0 or (number == 1 and energy == 0):
            lines.append(_priced(f"tier.{number}", inside, Decimal(str(step["price"]))))
        rest, place = rest - inside, place + inside
    return lines


def _share_of_bounds(case: Mapping[str, Any], tiers: Mapping[str, Any], given: Mapping[str, Any]) -> Decimal:
    if tiers["basis"] == "year":
        return Decimal(str(given.get("months_used") or tiers.get("months_used") or 12)) / 12
    if tiers["basis"] != "month":
        return Decimal(1)
    start, end = (date.fromisoformat(case["period"][key]) for key in ("from", "to"))
    months = end.year * 12 + end.month - start.year * 12 - start.month
    return Decimal(max(months + 1 if end.day > start.day else months, 1))


def _components(
    tariff: Mapping[str, Any], periods: Mapping[str, Decimal], energy: Decimal
) -> list[PlainLine]:
    prices: dict[str, Decimal] = {}
    lines = []
    ratio = (tariff.get("time_of_use") or {}).get("ratio") or {}
    rounded = (tariff.get("rounding") or {}).get("floated_price") == "4_decimals"
    for component in tariff["components"]:
        name, in_base = component["id"], bool(component.get("pf"))
        price = prices[name] = _component_price(component, prices)
        if not (component.get("floats") and ratio):
            lines.append(_priced(name, energy, price, in_base))
            continue
        for register, quantity in periods.items():
            floated = price * Decimal(str(ratio[register]))
            if rounded:
                floated = floated.quantize(Decimal("0.0001"), ROUND_HALF_UP)
            lines.append(_priced(f"{name}.{register}", quantity, floated, in_base))
    return lines


def _component_price(component: Mapping[str, Any], prices: Mapping[str, Decimal]) -> Decimal:
    if component.get("loss_rate_pct") is None:
        return Decimal(str(component["price"]))
    rate = Decimal(str(component["loss_rate_pct"])) / 100
    return (prices[component["of"]] * rate / (1 - rate)).quantize(NANO, ROUND_HALF_UP)


def _basic(case: Mapping[str, Any], basic: Mapping[str, Any], metered: Decimal, bill: PlainBill) -> PlainLine:
    account = case["account"]
    if basic["by"] == "capacity":
        return _priced(
            "capacity", Decimal(str(account["capacity_kva"])), Decimal(str(basic["price_kva"])), True
        )
    demand = _demand_kw(case)
    if basic["by"] == "contract_demand":
        contract = Decimal(str(basic.get("contract_kw") or account["contract_kw"]))
        limit = contract * Decimal(str(basic.get("band") or "1.05"))
        over = (demand - limit).quantize(Decimal("0.001"), ROUND_HALF_UP)
        demand = demand + over if demand > limit else contract
    price = Decimal(str(basic["price_kw"]))
    if basic.get("rule_260") and metered / Decimal(str(account["capacity_kva"])) >= 260:
        price *= Decimal("0.9")
    bill.determinants["billed_demand_kw"] = demand
    return _priced("demand", demand, price, True)


def _demand_kw(case: Mapping[str, Any]) -> Decimal:
    given = (case.get("determinants") or {}).get("demand_kw")
    if given is not None:
        return Decimal(str(given))
    reading = {item["register"]: item for item in case["readings"]}["DEMAND"]
    demand = Decimal(str(reading["to"])) * int(reading.get("multiplier") or 1)
    return demand.quantize(Decimal("0.001"), ROUND_HALF_UP)


def _power_factor(standard: Mapping[str, Any], energy: Decimal, reactive: Decimal, bill: PlainBill) -> None:
    bill.determinants["reactive_kvarh"] = reactive
    if energy == 0 and reactive == 0:
        return
    factor = energy / (energy * energy + reactive * reactive).sqrt()
    factor = factor.quantize(FEN, ROUND_HALF_UP)
    bill.determinants["power_factor"] = factor
    rate = _rate_pct(Decimal(str(standard["standard"])), factor) / 100
    base = sum((line.amount for line in bill.lines if line.in_base), Decimal(0))
    amount = (base * rate).quantize(FEN, ROUND_HALF_UP)
    bill.lines.append(PlainLine("power_factor", amount, base=base, rate=rate))


def _rate_pct(standard: Decimal, factor: Decimal) -> Decimal:
    """Percent by closed form: below, 20 steps of 0.5, 5 of 1, then 2; above, steps of 0.10 and 0.15."""
    steps = int(((factor - standard) * 100).quantize(Decimal(1), ROUND_DOWN))
    if steps < 0:
        low = -steps
        return min(low, 20) * Decimal("0.5") + min(max(low - 20, 0), 5) + Decimal(2) * max(low - 25, 0)
    small, large = {"0.9": (0, 5), "0.85": (5, 4), "0.8": (10, 2)}[f"{standard.normalize():f}"]
    return -min(steps, small) * Decimal("0.1") - min(max(steps - small, 0), large) * Decimal("0.15")
