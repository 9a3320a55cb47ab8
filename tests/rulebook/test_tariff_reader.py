"""Tariff mappings: what is read, and every refusal with file and key."""

from __future__ import annotations

from typing import Any

import pytest

from mingdu.core.registers import Register
from mingdu.core.tariff import BasicBy
from mingdu.core.tiers import BadTiers
from mingdu.core.time_of_use import HoursNotCovered, OverlappingPeriods, registers_by_minute
from mingdu.errors import TradeError
from mingdu.rulebook.document import BadDocument, BadUnit, Node, read_yaml, read_yaml_file
from mingdu.rulebook.tariff_reader import read_tariff

PURCHASE = {"id": "purchase", "price": "0.25", "floats": True}
RATIO = {"PEAK": "1.5", "FLAT": "1", "VALLEY": "0.5"}
HOURS = [
    {"register": "PEAK", "hours": "7-9,18-24"},
    {"register": "FLAT", "hours": "0-2,6-7,9-12,16-18"},
    {"register": "VALLEY", "hours": "2-6,12-16"},
]


def tariff(**parts: Any) -> dict[str, Any]:
    return {"kind": "one_part", "components": [PURCHASE]} | parts


def read(document: Any) -> Any:
    return read_tariff(Node(document, "prices.yaml", "tariff"))


def tiers(*steps: tuple[str | None, str], **parts: Any) -> dict[str, Any]:
    listed = [{"upto_kwh": upto, "price": price} for upto, price in steps]
    return tariff(components=None, tiers={"basis": "month", "steps": listed} | parts)


def hours(*rows: dict[str, Any]) -> dict[str, Any]:
    return tariff(time_of_use={"ratio": RATIO, "periods": list(rows)})


def test_derives_the_line_loss_price_half_up_to_nine_decimals() -> None:
    loss = {"id": "line_loss", "of": "purchase", "loss_rate_pct": "4.24", "pf": True}
    components = read(tariff(components=[PURCHASE, loss])).components
    assert [part.price_nyuan_per_kwh for part in components] == [250_000_000, 11_069_340]
    assert (components[1].floats, components[1].pf) == (False, True)


def test_reads_hours_past_midnight_and_half_hours_by_month() -> None:
    winter = {"register": "PEAK", "hours": "8:30-22", "months": [1]}
    winter_night = {"register": "VALLEY", "hours": "22-8:30", "months": [1]}
    rest = {"register": "FLAT", "hours": "0-24", "months": list(range(2, 13))}
    rows = read(hours(winter, winter_night, rest)).time_of_use.rows
    january = registers_by_minute(rows, 1)
    assert [Register(int(january[minute])).name for minute in (0, 509, 510, 1319, 1320)] == [
        "VALLEY",
        "VALLEY",
        "PEAK",
        "PEAK",
        "VALLEY",
    ]
    assert set(registers_by_minute(rows, 2).tolist()) == {Register.FLAT}


def test_lets_a_value_keep_its_own_source_and_take_the_rest_from_its_parent() -> None:
    own = PURCHASE | {"source": "notice of December", "verified": True}
    read_one = read(tariff(components=[own], source="table", confidence="V", clause="clause 3"))
    origin = read_one.components[0].provenance
    assert (origin.source, origin.confidence, origin.verified, origin.clause, origin.demo_price) == (
        "notice of December",
        "V",
        True,
        "clause 3",
        False,
    )


def test_reads_the_basic_charge_in_its_own_unit() -> None:
    basic = {"by": "capacity", "price_kva": "23.5", "unit": "yuan/kVA"}
    read_basic = read(tariff(kind="two_part", basic=basic)).basic
    assert (read_basic.by, read_basic.price_nyuan) == (BasicBy.CAPACITY, 23_500_000_000)
    assert (read_basic.band_basis_points, read_basic.rule_260) == (10_500, False)


REFUSED: list[tuple[str, dict[str, Any], type[TradeError], str]] = [
    ("prices fall", tiers(("170", "0.5"), (None, "0.4")), BadTiers, "tariff.tiers.steps"),
    ("bounds fall", tiers(("260", "0.4"), ("170", "0.5"), (None, "0.8")), BadTiers, "tariff.tiers.steps"),
    ("bound of zero", tiers(("0", "0.4"), (None, "0.8")), BadTiers, "tariff.tiers.steps"),
    ("no steps", tiers(), BadTiers, "tariff.tiers.steps"),
    ("last tier closed", tiers(("170", "0.4"), ("260", "0.5")), BadTiers, "tariff.tiers.steps[1].upto_kwh"),
    ("open in the middle", tiers((None, "0.4"), (None, "0.5")), BadTiers, "tariff.tiers.steps[0].upto_kwh"),
    ("basis", tiers((None, "0.4"), basis="week"), BadDocument, "tariff.tiers.basis"),
    ("bound not a number", tiers(("many", "0.4"), (None, "0.8")), BadUnit, "tariff.tiers.steps[0].upto_kwh"),
    ("price not a number", tiers((None, "cheap")), BadUnit, "tariff.tiers.steps[0].price"),
    ("hours missing", hours(*HOURS[:2]), HoursNotCovered, "tariff.time_of_use.periods"),
    (
        "hours claimed twice",
        hours(*HOURS, {"register": "PEAK", "hours": "12-13"}),
        OverlappingPeriods,
        "tariff.time_of_use.periods",
    ),
    (
        "hour 25",
        hours({"register": "PEAK", "hours": "7-25"}),
        BadDocument,
        "tariff.time_of_use.periods[0].hours",
    ),
    (
        "empty span",
        hours({"register": "PEAK", "hours": "7-7"}),
        BadDocument,
        "tariff.time_of_use.periods[0].hours",
    ),
    (
        "hours unclear",
        hours({"register": "PEAK", "hours": "am"}),
        BadDocument,
        "tariff.time_of_use.periods[0].hours",
    ),
    (
        "month 13",
        hours({"register": "PEAK", "hours": "0-24", "months": [13]}),
        BadDocument,
        "tariff.time_of_use.periods[0].months",
    ),
    (
        "hours of an unpriced period",
        hours({"register": "DEEP", "hours": "0-24"}),
        BadDocument,
        "tariff.time_of_use.periods[0].register",
    ),
    ("no ratio", tariff(time_of_use={"ratio": {}}), BadDocument, "tariff.time_of_use.ratio"),
    (
        "negative ratio",
        tariff(time_of_use={"ratio": {"PEAK": "-1"}}),
        BadDocument,
        "tariff.time_of_use.ratio",
    ),
    (
        "unknown period",
        tariff(time_of_use={"ratio": {"NOON": "1"}}),
        BadDocument,
        "tariff.time_of_use.ratio.NOON",
    ),
    (
        "nothing floats",
        tariff(components=[PURCHASE | {"floats": False}], time_of_use={"ratio": RATIO}),
        BadDocument,
        "tariff.time_of_use",
    ),
    ("nothing priced", tariff(components=None), BadDocument, "tariff"),
    ("no kind", {"components": [PURCHASE]}, BadDocument, "tariff.kind"),
    ("misspelt key", tariff(tier=None), BadDocument, "tariff.tier"),
    ("unit of the tariff", tariff(unit="fen/kWh"), BadUnit, "tariff.unit"),
    (
        "unit of a price",
        tariff(components=[PURCHASE | {"unit": "yuan/MWh"}]),
        BadUnit,
        "tariff.components[0].unit",
    ),
    ("component twice", tariff(components=[PURCHASE, PURCHASE]), BadDocument, "tariff.components[1].id"),
    (
        "loss of nothing",
        tariff(components=[{"id": "line_loss", "of": "sun", "loss_rate_pct": "4"}]),
        BadDocument,
        "tariff.components[0].of",
    ),
    (
        "loss of everything",
        tariff(components=[PURCHASE, {"id": "line_loss", "of": "purchase", "loss_rate_pct": "100"}]),
        BadDocument,
        "tariff.components[1].loss_rate_pct",
    ),
    (
        "loss with a price",
        tariff(components=[PURCHASE, {"id": "x", "of": "purchase", "loss_rate_pct": "4", "price": "1"}]),
        BadDocument,
        "tariff.components[1].price",
    ),
    ("two_part without basic", tariff(kind="two_part"), BadDocument, "tariff.basic"),
    ("basic in one_part", tariff(basic={"by": "capacity", "price_kva": "1"}), BadDocument, "tariff.basic"),
    (
        "basic in the wrong unit",
        tariff(kind="two_part", basic={"by": "actual_demand", "price_kw": "1", "unit": "yuan/kWh"}),
        BadUnit,
        "tariff.basic.unit",
    ),
    ("standard", tariff(power_factor={"standard": "0.95"}), BadDocument, "tariff.power_factor.standard"),
    (
        "power factor of a home",
        tiers((None, "0.45")) | {"power_factor": {"standard": "0.90"}},
        BadDocument,
        "tariff.power_factor",
    ),
    ("rounding", tariff(rounding={"line": "jiao"}), BadDocument, "tariff.rounding.line"),
    (
        "rounded energy",
        tariff(rounding={"billed_energy": "MWh"}),
        BadDocument,
        "tariff.rounding.billed_energy",
    ),
    ("number as source", tariff(source=5), BadDocument, "tariff.source"),
]


@pytest.mark.parametrize(
    ("document", "error", "key"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_refuses_a_bad_tariff_with_file_and_key(
    document: dict[str, Any], error: type[TradeError], key: str
) -> None:
    with pytest.raises(error) as refused:
        read(document)
    assert refused.type is error
    assert (refused.value.values["file"], refused.value.values["key"]) == ("prices.yaml", key)


def test_keeps_decimals_of_yaml_as_they_are_written() -> None:
    node = read_yaml(b"{price: 0.10, days: 2026-12-01, tiny: 1.50e-3}", "prices.yaml")
    assert node.value["price"] == "0.10"
    assert node.value["tiny"] == "1.50e-3"


def test_refuses_what_is_not_yaml(tmp_path: Any) -> None:
    with pytest.raises(BadDocument, match="not YAML"):
        read_yaml(b"a: [1", "prices.yaml")
    gbk = tmp_path / "prices.yaml"
    gbk.write_bytes("名: 电价".encode("gbk"))
    with pytest.raises(BadDocument, match="not UTF-8"):
        read_yaml_file(gbk)
