"""A tariff (电价) as frozen facts: what one price table charges in one season."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mingdu.core.registers import Register

# Ratios of periods carry up to four decimals.
RATIO_ONE = 10_000


class Unit(StrEnum):
    """What the quantity of a bill line counts."""

    KWH = "kWh"
    KW = "kW"
    KVA = "kVA"
    CNY = "CNY"


class TierBasis(StrEnum):
    """What span of time the bounds of the tiers are written for."""

    MONTH = "month"
    SEASON = "season"
    YEAR = "year"
    PER_PERIOD = "per_period"


class BasicBy(StrEnum):
    """What the basic charge (基本电费) is paid for."""

    CAPACITY = "capacity"
    CONTRACT_DEMAND = "contract_demand"
    ACTUAL_DEMAND = "actual_demand"


class QuantityFrom(StrEnum):
    """What the billed energy is taken from: registers, or the sum of the curve's intervals."""

    REGISTERS = "registers"
    CURVE = "curve"


@dataclass(frozen=True)
class Provenance:
    """Where a value comes from and how far it is proven; printed with the line that uses it."""

    source: str = "given in the case"
    confidence: str = ""
    verified: bool = False
    demo_price: bool = False
    clause: str = ""


@dataclass(frozen=True)
class Component:
    """One part of the price of a kWh; `floats`: the ratio of the periods applies; `pf`: in the base."""

    id: str
    price_nyuan_per_kwh: int
    floats: bool
    pf: bool
    provenance: Provenance


@dataclass(frozen=True)
class PeriodRow:
    """The hours of one period in some months; spans are half-open minutes of the day."""

    register: Register
    months: frozenset[int]
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class TimeOfUse:
    """Time-of-use periods (分时): the ratio of each in 1/10,000, and the hours where the table gives them."""

    ratio: tuple[tuple[Register, int], ...]
    rows: tuple[PeriodRow, ...]
    provenance: Provenance


@dataclass(frozen=True)
class TierStep:
    """One tier (阶梯): begins after `start_wh`, ends where the next begins."""

    start_wh: int
    price_nyuan_per_kwh: int
    provenance: Provenance


@dataclass(frozen=True)
class Tiers:
    """Rising tiers; the bounds are for one month, one season, one year or one billing period."""

    basis: TierBasis
    steps: tuple[TierStep, ...]


@dataclass(frozen=True)
class Basic:
    """The basic charge of a two-part tariff (两部制): price of a kVA or kW and month."""

    by: BasicBy
    price_nyuan: int
    band_basis_points: int
    rule_260: bool
    provenance: Provenance


@dataclass(frozen=True)
class PowerFactor:
    """The power-factor standard (力调标准) in hundredths: 90, 85 or 80."""

    standard_pct: int
    provenance: Provenance


@dataclass(frozen=True)
class Included:
    """A share already inside the price (到户价), shown and never added."""

    id: str
    price_nyuan_per_kwh: int
    provenance: Provenance


@dataclass(frozen=True)
class Rounding:
    """Where this tariff rounds besides the line: energy to whole kWh, floated prices to decimals."""

    whole_kwh: bool = False
    floated_decimals: int | None = None


@dataclass(frozen=True)
class Tariff:
    """One price table of one season, as `rate` takes it."""

    kind: str
    components: tuple[Component, ...] = ()
    time_of_use: TimeOfUse | None = None
    tiers: Tiers | None = None
    basic: Basic | None = None
    power_factor: PowerFactor | None = None
    included: tuple[Included, ...] = ()
    rounding: Rounding = field(default_factory=Rounding)
    quantity_from: QuantityFrom = QuantityFrom.REGISTERS
