"""Losses added to a bill: of the customer's transformer (变损) and of his line (线损)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from mingdu.core.registers import Register

# Without a reactive meter the apparent energy is taken at this power factor, and no reactive loss.
POWER_FACTOR_WITHOUT_REACTIVE = Fraction(8, 10)


@dataclass(frozen=True)
class Transformer:
    """Nameplate and month of one transformer: losses in kW, I0 and Uk in %, load-shape correction k."""

    rated_kva: Decimal
    p0_kw: Decimal
    pk_kw: Decimal
    i0_pct: Decimal
    uk_pct: Decimal
    k: Decimal
    hours: Decimal


@dataclass(frozen=True)
class Losses:
    """Losses of one account; they join one register, or are spread over the periods (joins is None)."""

    transformer: Transformer | None
    line_pct: Decimal | None
    joins: Register | None


def transformer_loss(
    transformer: Transformer, energy_kwh: int, reactive_kvarh: int | None
) -> tuple[int, int]:
    """
    Active and reactive loss of a month for metering on the low side (高供低计), half up to whole units.

    ΔE = P0·T + K·Pk·(E² + Q²) / (T·Sn²),  ΔQ = I0·Sn·T + K·Uk·(E² + Q²) / (T·Sn)

    energy_kwh      metered energy E [kWh]
    reactive_kvarh  metered reactive energy Q, None without a reactive meter [kvarh]
    returns         (active loss [kWh], reactive loss [kvarh])
    source          textbook formula; worked cases in tests/golden/transformer_loss.csv
    """
    hours, rated = Fraction(transformer.hours), Fraction(transformer.rated_kva)
    load = Fraction(transformer.k) * _apparent_square(energy_kwh, reactive_kvarh) / (hours * rated)
    active = Fraction(transformer.p0_kw) * hours + Fraction(transformer.pk_kw) * load / rated
    if reactive_kvarh is None:
        return half_up(active), 0
    reactive = Fraction(transformer.i0_pct) / 100 * rated * hours + Fraction(transformer.uk_pct) / 100 * load
    return half_up(active), half_up(reactive)


def line_loss_kwh(line_pct: Decimal, energy_kwh: int) -> int:
    """Loss of the customer's line as a fixed part of metered energy with transformer loss, half up [kWh]."""
    return half_up(Fraction(line_pct) / 100 * energy_kwh)


def spread_kwh(loss_kwh: int, energy_wh: dict[Register, int]) -> dict[Register, int]:
    """
    Spread whole kWh over the registers by their energy; the largest register takes what rounding leaves.

    returns  whole kWh a register; their sum is loss_kwh
    """
    total = sum(energy_wh.values())
    if total == 0:
        first = min(energy_wh)
        return {register: loss_kwh if register == first else 0 for register in energy_wh}
    shares = {register: loss_kwh * energy // total for register, energy in energy_wh.items()}
    largest = max(sorted(energy_wh), key=lambda register: energy_wh[register])
    shares[largest] += loss_kwh - sum(shares.values())
    return shares


def half_up(value: Fraction) -> int:
    """Round a fraction of zero or more half up."""
    return floor(value + Fraction(1, 2))


def _apparent_square(energy_kwh: int, reactive_kvarh: int | None) -> Fraction:
    if reactive_kvarh is None:
        return (energy_kwh / POWER_FACTOR_WITHOUT_REACTIVE) ** 2
    return Fraction(energy_kwh**2 + reactive_kvarh**2)
