"""From the `tariff:` form of CONTRACTS to core's Tariff; every refusal names file and key."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from mingdu.core.registers import PERIOD_REGISTERS
from mingdu.core.tariff import (
    Basic,
    BasicBy,
    Component,
    Included,
    PowerFactor,
    Provenance,
    QuantityFrom,
    Rounding,
    Tariff,
    TierBasis,
    Tiers,
    TierStep,
    TimeOfUse,
)
from mingdu.core.tiers import BadTiers, check_tiers
from mingdu.core.time_of_use import check_hours
from mingdu.rulebook.document import BadUnit, Node, placed
from mingdu.rulebook.hours import read_period_rows

YUAN_PER_KWH = "yuan/kWh"
PRICE_DECIMALS = 9
RATIO_DECIMALS = 4
WH_DECIMALS = 3
PERIODS = {register.name: register for register in PERIOD_REGISTERS}
STANDARDS = {"0.90": 90, "0.9": 90, "0.85": 85, "0.80": 80, "0.8": 80}
ORIGIN_KEYS = ("source", "confidence", "verified", "demo_price", "clause", "unit")
TARIFF_KEYS = (
    *("rule", "kind", "components", "time_of_use", "tiers", "basic", "power_factor", "rounding"),
    *("included", "quantity_from", *ORIGIN_KEYS),
)


def read_tariff(node: Node) -> Tariff:
    """
    Read a whole `tariff:` mapping of one season.

    raises  BadTiers, OverlappingPeriods, HoursNotCovered, BadUnit, BadDocument; values hold file and key
    """
    node.only(TARIFF_KEYS)
    origin = read_origin(node, Provenance())
    _check_unit(node, YUAN_PER_KWH)
    tariff = Tariff(
        kind=node.at("kind").text(),
        components=_components(node.find("components"), origin),
        time_of_use=_time_of_use(node.find("time_of_use"), origin),
        tiers=_tiers(node.find("tiers"), origin),
        basic=_basic(node.find("basic"), origin),
        power_factor=_power_factor(node.find("power_factor"), origin),
        included=_included(node.find("included"), origin),
        rounding=_rounding(node.find("rounding")),
        quantity_from=_quantity_from(node.find("quantity_from")),
    )
    _check_parts(tariff, node)
    return tariff


def read_origin(node: Node, parent: Provenance) -> Provenance:
    """Source, confidence mark and proof of a value; what it does not say itself holds from its parent."""
    source, confidence = node.find("source"), node.find("confidence")
    verified, demo, clause = node.find("verified"), node.find("demo_price"), node.find("clause")
    return Provenance(
        source=source.text() if source else parent.source,
        confidence=confidence.text() if confidence else parent.confidence,
        verified=verified.boolean() if verified else parent.verified,
        demo_price=demo.boolean() if demo else parent.demo_price,
        clause=clause.text() if clause else parent.clause,
    )


def _check_parts(tariff: Tariff, node: Node) -> None:
    """Refuse parts that contradict each other."""
    floats = any(component.floats for component in tariff.components)
    if not tariff.components and tariff.tiers is None:
        raise node.bad("neither components nor tiers: nothing has a price")
    if tariff.time_of_use is not None and not floats:
        raise node.bad("time_of_use has a ratio, but no component floats", "time_of_use")
    if (tariff.kind == "two_part") != (tariff.basic is not None):
        raise node.bad("a basic charge belongs to kind two_part, and to it only", "basic")
    if tariff.tiers is not None and tariff.power_factor is not None:
        raise node.bad("a tariff by tiers has no power-factor adjustment", "power_factor")
    if tariff.quantity_from is QuantityFrom.CURVE:
        _check_curve(tariff, node)


def _check_curve(tariff: Tariff, node: Node) -> None:
    """A curve of active energy tells neither demand nor reactive energy, and needs hours for its periods."""
    if tariff.basic is not None or tariff.power_factor is not None:
        raise node.bad("a tariff by the curve has neither basic charge nor power factor", "quantity_from")
    if tariff.time_of_use is not None and not tariff.time_of_use.rows:
        raise node.bad("a tariff by the curve needs the hours of its periods", "time_of_use")


def _components(node: Node | None, origin: Provenance) -> tuple[Component, ...]:
    prices: dict[str, int] = {}
    components = []
    for item in node.items() if node else ():
        item.only(("id", "price", "floats", "pf", "of", "loss_rate_pct", *ORIGIN_KEYS))
        component_id = item.at("id").text()
        if component_id in prices:
            raise item.bad(f"component {component_id} is there twice", "id")
        prices[component_id] = _loss_price(item, prices) if item.find("loss_rate_pct") else read_price(item)
        floats, pf = item.find("floats"), item.find("pf")
        component = Component(
            id=component_id,
            price_nyuan_per_kwh=prices[component_id],
            floats=floats.boolean() if floats else False,
            pf=pf.boolean() if pf else False,
            provenance=read_origin(item, origin),
        )
        components.append(component)
    return tuple(components)


def read_price(item: Node, name: str = "price", unit: str = YUAN_PER_KWH) -> int:
    """A price in nano-yuan a unit; raises BadUnit for another unit or more than nine decimals."""
    _check_unit(item, unit)
    return item.at(name).scaled(unit, PRICE_DECIMALS)


def _loss_price(item: Node, prices: dict[str, int]) -> int:
    """Line-loss price = price of another component × r / (1 − r), half up to nine decimals (our ruling)."""
    if item.find("price") is not None:
        raise item.bad("either price or loss_rate_pct", "price")
    of = item.at("of").text()
    if of not in prices:
        raise item.bad(f"no component {of} before this one", "of")
    rate = item.at("loss_rate_pct").decimal("%") / 100
    if not 0 <= rate < 1:
        raise item.bad("a loss rate is at least 0 % and below 100 %", "loss_rate_pct")
    return int((prices[of] * rate / (1 - rate)).quantize(Decimal(1), ROUND_HALF_UP))


def _time_of_use(node: Node | None, origin: Provenance) -> TimeOfUse | None:
    if node is None:
        return None
    node.only(("ratio", "periods", *ORIGIN_KEYS))
    ratio_node = node.at("ratio")
    ratio_node.only(PERIODS)
    ratio = tuple(
        (PERIODS[name], child.scaled("ratio to the base price", RATIO_DECIMALS))
        for name, child in ratio_node.entries().items()
    )
    if not ratio or any(part < 0 for _, part in ratio):
        raise ratio_node.bad("a ratio of zero or more for each period is expected")
    periods = node.find("periods")
    rows = read_period_rows(periods, dict(ratio)) if periods else ()
    if periods:
        with placed(periods):
            check_hours(rows)
    return TimeOfUse(ratio, rows, read_origin(node, origin))


def _tiers(node: Node | None, origin: Provenance) -> Tiers | None:
    if node is None:
        return None
    node.only(("basis", "year_from", "months_used", "used_before_kwh", "steps", *ORIGIN_KEYS))
    basis = TierBasis(node.at("basis").choice(basis.value for basis in TierBasis))
    steps_node = node.at("steps")
    origin = read_origin(node, origin)
    starts, steps = [0], []
    items = steps_node.items()
    for item in items:
        item.only(("upto_kwh", "price", *ORIGIN_KEYS))
        steps.append(TierStep(starts[-1], read_price(item), read_origin(item, origin)))
        upto = item.find("upto_kwh")
        starts.append(upto.scaled("kWh", WH_DECIMALS) if upto else starts[-1])
        if (upto is None) != (item is items[-1]):
            raise BadTiers(
                f"{item.file}: {item.key}: the last tier, and only the last, has no upper bound",
                file=item.file,
                key=f"{item.key}.upto_kwh",
            )
    with placed(steps_node):
        check_tiers([step.start_wh for step in steps], [step.price_nyuan_per_kwh for step in steps])
    return Tiers(basis, tuple(steps))


def _basic(node: Node | None, origin: Provenance) -> Basic | None:
    if node is None:
        return None
    node.only(("by", "price_kw", "price_kva", "contract_kw", "band", "rule_260", *ORIGIN_KEYS))
    by = BasicBy(node.at("by").choice(by.value for by in BasicBy))
    name, unit = ("price_kva", "yuan/kVA") if by is BasicBy.CAPACITY else ("price_kw", "yuan/kW")
    band, rule_260 = node.find("band"), node.find("rule_260")
    return Basic(
        by=by,
        price_nyuan=read_price(node, name, unit),
        band_basis_points=band.scaled("ratio to the contract demand", RATIO_DECIMALS) if band else 10_500,
        rule_260=rule_260.boolean() if rule_260 else False,
        provenance=read_origin(node, origin),
    )


def _power_factor(node: Node | None, origin: Provenance) -> PowerFactor | None:
    if node is None:
        return None
    node.only(("standard", *ORIGIN_KEYS))
    standard = node.at("standard")
    return PowerFactor(STANDARDS[standard.choice(STANDARDS)], read_origin(node, origin))


def _included(node: Node | None, origin: Provenance) -> tuple[Included, ...]:
    shares = []
    for item in node.items() if node else ():
        item.only(("id", "price", *ORIGIN_KEYS))
        shares.append(Included(item.at("id").text(), read_price(item), read_origin(item, origin)))
    return tuple(shares)


def _rounding(node: Node | None) -> Rounding:
    if node is None:
        return Rounding()
    node.only(("line", "billed_energy", "loss", "pf", "floated_price"))
    fixed = {"line": "fen_half_away", "loss": "whole_kwh", "pf": "2"}
    for name, only in fixed.items():
        if (child := node.find(name)) is not None and str(child.value) != only:
            raise child.bad(f"only {only} is known")
    billed, floated = node.find("billed_energy"), node.find("floated_price")
    whole = billed is not None and billed.choice(("register_digits", "whole_kwh")) == "whole_kwh"
    decimals = floated.choice(("exact", "4_decimals")) if floated else "exact"
    return Rounding(whole, 4 if decimals == "4_decimals" else None)


def _quantity_from(node: Node | None) -> QuantityFrom:
    if node is None:
        return QuantityFrom.REGISTERS
    return QuantityFrom(node.choice(each.value for each in QuantityFrom))


def _check_unit(item: Node, expected: str) -> None:
    unit = item.find("unit")
    if unit is not None and unit.text() != expected:
        raise BadUnit(
            f"{item.file}: {unit.key} is {unit.text()}, but {expected} is expected",
            file=item.file,
            key=unit.key,
            unit=expected,
        )
