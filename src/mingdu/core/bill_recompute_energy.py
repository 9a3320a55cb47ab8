"""The energy of a case by hand arithmetic: registers, total against periods, losses; no kernel code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

# In the order in which a bill prints the periods.
PERIODS = ("SHARP", "PEAK", "FLAT", "VALLEY", "DEEP")
REACTIVE = {"reactive_forward": "REACTIVE_FORWARD", "reactive_reverse": "REACTIVE_REVERSE"}
ONE = Decimal(1)


@dataclass
class PlainEnergy:
    """kWh and kvarh of one account."""

    periods_kwh: dict[str, Decimal]
    metered_kwh: Decimal
    billed_kwh: Decimal
    whole_kwh: Decimal
    whole_kvarh: Decimal
    determinants: dict[str, Decimal] = field(default_factory=dict)


def recompute_energy(case: Mapping[str, Any]) -> PlainEnergy:
    """Energy of each priced register with losses, and the quantities that the bill states."""
    registers = _registers(case)
    tariff = case["tariff"]
    ratio = (tariff.get("time_of_use") or {}).get("ratio") or {}
    if ratio:
        periods = {name: registers[name] for name in PERIODS if name in ratio}
    else:
        seen = [registers[name] for name in PERIODS if name in registers]
        periods = {"TOTAL": registers["TOTAL"] if "TOTAL" in registers else sum(seen, Decimal(0))}
    if (tariff.get("rounding") or {}).get("billed_energy") == "whole_kwh":
        periods = {name: _whole(energy) for name, energy in periods.items()}
    metered = sum(periods.values(), Decimal(0))
    reactive = [registers[name] for name in REACTIVE.values() if name in registers]
    kvarh = _whole(sum(reactive, Decimal(0)))
    losses = case.get("losses") or {}
    active, lost_kvarh, line = _losses(case, losses, _whole(metered), kvarh if reactive else None)
    joins = (losses.get("transformer") or {}).get("joins") or losses.get("joins") or "FLAT"
    _join(periods, active + line, joins)
    determinants = {"energy_kwh": metered}
    named = {"transformer_loss_kwh": active, "transformer_loss_kvarh": lost_kvarh, "line_loss_kwh": line}
    determinants |= {name: value for name, value in named.items() if value}
    return PlainEnergy(
        periods_kwh=periods,
        metered_kwh=metered,
        billed_kwh=metered + active + line,
        whole_kwh=_whole(metered) + active + line,
        whole_kvarh=kvarh + lost_kvarh,
        determinants=determinants,
    )


def _registers(case: Mapping[str, Any]) -> dict[str, Decimal]:
    energy: dict[str, Decimal] = {}
    digit: dict[str, Decimal] = {}
    for reading in case.get("readings") or ():
        name = reading["register"]
        if name == "DEMAND":
            continue
        start, end = Decimal(str(reading["from"])), Decimal(str(reading["to"]))
        if end < start:
            end += 10 ** int(reading.get("digits") or 6)
        multiplier = int(reading.get("multiplier") or 1)
        energy[name] = (end - start) * multiplier
        digit[name] = min(_last_digit(reading["from"]), _last_digit(reading["to"])) * multiplier
    # Sums of a curve's intervals are kilowatt-hours already, as what is given by hand is.
    summed = (case.get("curve") or {}).get("energy") or {}
    for key, value in [*summed.items(), *(case.get("determinants") or {}).items()]:
        name = REACTIVE.get(key, key)
        if value is not None and name in ("TOTAL", *PERIODS, *REACTIVE.values()):
            energy[name], digit[name] = Decimal(str(value)), _last_digit(value)
    _mend_flat(energy, digit)
    return energy


def _mend_flat(energy: dict[str, Decimal], digit: Mapping[str, Decimal]) -> None:
    """Flat = total − the others; a difference of more than one digit each has no bill at all."""
    seen = [name for name in PERIODS if name in energy]
    if "TOTAL" not in energy or not seen:
        return
    difference = energy["TOTAL"] - sum(energy[name] for name in seen)
    if abs(difference) > sum(digit[name] for name in seen):
        raise ValueError("the total register and the sum of the periods differ")
    if "FLAT" in energy:
        energy["FLAT"] += difference


def _losses(
    case: Mapping[str, Any], losses: Mapping[str, Any], energy: Decimal, reactive: Decimal | None
) -> tuple[Decimal, Decimal, Decimal]:
    """Transformer loss in kWh and kvarh, and line loss in kWh, each in whole units."""
    active = kvarh = line = Decimal(0)
    data = losses.get("transformer")
    if data:
        rated = Decimal(str(data.get("rated_kva") or case["account"]["capacity_kva"]))
        days = date.fromisoformat(case["period"]["to"]) - date.fromisoformat(case["period"]["from"])
        hours = Decimal(str(data.get("hours") or days.days * 24))
        p0, pk, i0, uk, k = (Decimal(str(data[key])) for key in ("p0_kw", "pk_kw", "i0_pct", "uk_pct", "k"))
        square = (energy / Decimal("0.8")) ** 2 if reactive is None else energy**2 + reactive**2
        active = _whole(p0 * hours + k * pk * square / (hours * rated * rated))
        if reactive is not None:
            kvarh = _whole(i0 * rated * hours / 100 + k * uk * square / (100 * hours * rated))
    if losses.get("line_pct") is not None:
        line = _whole((energy + active) * Decimal(str(losses["line_pct"])) / 100)
    return active, kvarh, line


def _join(periods: dict[str, Decimal], loss: Decimal, joins: str) -> None:
    # A tariff without the period that losses join has no losses.
    if not loss:
        return
    if "TOTAL" in periods:
        periods["TOTAL"] += loss
        return
    if joins != "SPREAD":
        periods[joins] += loss
        return
    total = sum(periods.values(), Decimal(0))
    largest = max(periods, key=lambda name: periods[name])
    shares = dict.fromkeys(periods, Decimal(0))
    if total:
        shares = {
            name: (loss * energy / total).quantize(ONE, ROUND_FLOOR) for name, energy in periods.items()
        }
    shares[largest] += loss - sum(shares.values())
    for name, share in shares.items():
        periods[name] += share


def _whole(value: Decimal) -> Decimal:
    return value.quantize(ONE, ROUND_HALF_UP)


def _last_digit(text: Any) -> Decimal:
    decimals = len(str(text).partition(".")[2])
    return ONE.scaleb(-min(decimals, 3))
