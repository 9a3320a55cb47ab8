"""The shipped tariff files and the choice by day."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from mingdu.core.tariff import Provenance
from mingdu.core.time_of_use import OverlappingPeriods
from mingdu.errors import TradeError
from mingdu.rulebook import RulesNotFound, find_rules_folder
from mingdu.rulebook.document import BadDocument, BadUnit
from mingdu.rulebook.rule_files import (
    NoPriceForDay,
    UnknownTariff,
    check_rule_file,
    rules_hash,
    tariff_document,
    tariff_on_file,
    tariff_title,
    tariffs_on,
)

SHIPPED = sorted((find_rules_folder() / "tariffs").glob("*.yaml"))
RESIDENTIAL = next(path for path in SHIPPED if path.stem.startswith("yunnan-residential"))
PROVEN_MARKS = ("V", "S")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A folder of rules with one file valid in 2026 only."""
    (tmp_path / "tariffs").mkdir()
    write(tmp_path, "home-2026", valid_to="2027-01-01")
    return tmp_path


def write(rules: Path, stem: str, **changes: str) -> Path:
    """Write the residential file under another name, with some lines of its head changed."""
    lines = RESIDENTIAL.read_text("utf-8").replace("name: yunnan-residential", "name: home").splitlines()
    for key, value in changes.items():
        lines = [f"{key}: {value}" if line.startswith(f"{key}:") else line for line in lines]
    path = rules / "tariffs" / f"{stem}.yaml"
    path.write_text("\n".join(lines), "utf-8")
    return path


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_ships_files_that_read_in_every_month(path: Path) -> None:
    rule_file = check_rule_file(path)
    assert path.stem == f"{rule_file.name}-{rule_file.valid_from}"


def test_a_tariff_has_a_title_in_both_languages(rules: Path) -> None:
    assert tariff_title("yunnan-residential", "zh") == "云南居民生活用电（一户一表）"
    assert tariff_title("home", "en", rules) == "Yunnan residential, one household one meter"
    write(rules, "home-2027", valid_from="2027-01-01", title="{zh: 新价, en: the new price}")
    tariff_title.cache_clear()
    assert tariff_title("home", "en", rules) == "the new price"
    assert tariff_title("nobody", "en", rules) == "nobody"


def origins(tariff: Any) -> list[Provenance]:
    parts = [*tariff.components, *tariff.included, tariff.time_of_use, tariff.basic, tariff.power_factor]
    steps = tariff.tiers.steps if tariff.tiers else ()
    return [part.provenance for part in (*parts, *steps) if part is not None]


@pytest.mark.parametrize("day", [date(2026, 9, 1), date(2026, 12, 1)])
@pytest.mark.parametrize("name", ["yunnan-residential", "yunnan-one-part-tou", "yunnan-two-part-10kv"])
def test_ships_no_value_without_source_and_calls_only_seen_ones_verified(name: str, day: date) -> None:
    for origin in origins(tariffs_on(name, day)):
        assert origin.source and origin.confidence
        assert origin.source != Provenance().source
        assert origin.verified == (origin.confidence in PROVEN_MARKS)
        assert not (origin.verified and origin.demo_price)


def test_ships_the_prices_of_yunnan() -> None:
    home = tariffs_on("yunnan-residential", date(2026, 4, 30)).tiers
    assert home is not None
    steps = [(step.start_wh, step.price_nyuan_per_kwh) for step in home.steps]
    assert steps == [(0, 450_000_000), (170_000, 500_000_000), (260_000, 800_000_000)]
    summer = tariffs_on("yunnan-residential", date(2026, 5, 1)).tiers
    assert summer is not None
    assert [step.price_nyuan_per_kwh for step in summer.steps] == [450_000_000]
    factory = tariffs_on("yunnan-two-part-10kv", date(2026, 12, 1))
    prices = {part.id: part.price_nyuan_per_kwh for part in factory.components}
    assert prices["line_loss"] == 11_069_340
    assert prices["transmission"] == 124_600_000
    assert factory.basic is not None
    assert (factory.basic.price_nyuan, factory.basic.rule_260) == (37_600_000_000, True)
    shop = tariffs_on("yunnan-one-part-tou", date(2026, 12, 1))
    assert {part.id: part.price_nyuan_per_kwh for part in shop.components}["levy"] == 63_875_000


def test_chooses_the_file_that_is_valid_on_the_day(rules: Path) -> None:
    write(rules, "home-2027", valid_from="2027-01-01")
    in_2026 = tariff_document("home", date(2026, 12, 1), date(2027, 1, 1), rules)
    in_2027 = tariff_document("home", date(2027, 1, 1), date(2027, 2, 1), rules)
    assert (in_2026["rule"]["valid_from"], in_2027["rule"]["valid_from"]) == ("2025-12-01", "2027-01-01")
    assert rules_hash(in_2026) != rules_hash(in_2027)
    assert tariff_document("home-2027", date(2027, 1, 1), date(2027, 2, 1), rules) == in_2027


@pytest.mark.parametrize(
    ("period_from", "period_to", "day"),
    [
        (date(2025, 11, 1), date(2025, 12, 1), "2025-11-01"),
        (date(2027, 1, 1), date(2027, 2, 1), "2027-01-01"),
        (date(2026, 12, 15), date(2027, 1, 15), "2027-01-01"),
        (date(2026, 4, 15), date(2026, 5, 15), "2026-05-01"),
    ],
)
def test_names_the_first_day_without_the_price(
    rules: Path, period_from: date, period_to: date, day: str
) -> None:
    with pytest.raises(NoPriceForDay) as refused:
        tariff_document("home", period_from, period_to, rules)
    assert refused.value.values["day"] == day
    assert refused.value.values["file"] == "home-2026"


def test_refuses_a_bill_across_two_files(rules: Path) -> None:
    write(rules, "home-2027", valid_from="2027-01-01")
    with pytest.raises(NoPriceForDay, match="does not hold on 2027-01-01"):
        tariff_document("home", date(2026, 12, 15), date(2027, 1, 15), rules)


def test_refuses_two_files_for_one_day(rules: Path) -> None:
    write(rules, "home-again", valid_from="2026-06-01")
    with pytest.raises(OverlappingPeriods) as refused:
        tariffs_on("home", date(2026, 6, 1), rules)
    assert refused.value.values["day"] == "2026-06-01"


def test_knows_the_names_it_has(rules: Path) -> None:
    with pytest.raises(UnknownTariff) as refused:
        tariffs_on("castle", date(2026, 6, 1), rules)
    assert refused.value.values == {"tariff": "castle", "known": ["home"]}


def test_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RulesNotFound):
        find_rules_folder(tmp_path / "rules")


@pytest.mark.parametrize(
    ("before", "after", "error"),
    [
        ("months: [12, 1, 2, 3, 4]", "months: [12, 1, 2, 3]", NoPriceForDay),
        ("months: [12, 1, 2, 3, 4]", "months: [12, 1, 2, 3, 4, 5]", OverlappingPeriods),
        ("months: [12, 1, 2, 3, 4]", "months: []", BadDocument),
        ("unit: yuan/kWh", "unit: fen/kWh", BadUnit),
        ("unit: yuan/kWh", "note2: x", BadDocument),
        ("unit: yuan/kWh\n", "", BadDocument),
        ("valid_to: null", "valid_to: 2025-12-01", BadDocument),
        ("currency: CNY", "currency: EUR", BadDocument),
        ("schema: mingdu/tariff/1", "schema: mingdu/tariff/9", BadDocument),
    ],
)
def test_refuses_a_bad_file(tmp_path: Path, before: str, after: str, error: type[TradeError]) -> None:
    path = tmp_path / "home.yaml"
    copy(RESIDENTIAL, path)
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")
    with pytest.raises(error) as refused:
        check_rule_file(path)
    assert refused.type is error
    assert refused.value.values["file"] == "home.yaml"


def test_shows_the_tariff_of_a_file_on_a_day() -> None:
    rule_file = check_rule_file(RESIDENTIAL)
    assert tariff_on_file(rule_file)["rule"]["season"] == "dry"
    assert tariff_on_file(rule_file, date(2026, 7, 1))["rule"]["season"] == "wet"
    with pytest.raises(NoPriceForDay):
        tariff_on_file(rule_file, date(2020, 1, 1))
