"""Dated tariff files of rules/tariffs/: which price table holds on a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import Any

from mingdu.core.tariff import Tariff
from mingdu.core.time_of_use import MONTHS, OverlappingPeriods
from mingdu.errors import TradeError
from mingdu.rulebook.document import Node, read_yaml_file, to_plain
from mingdu.rulebook.folders import find_rules_folder
from mingdu.rulebook.hours import read_months
from mingdu.rulebook.tariff_reader import ORIGIN_KEYS, TARIFF_KEYS, YUAN_PER_KWH, read_tariff

SCHEMA = "mingdu/tariff/1"
HEAD_KEYS = ("schema", "name", "title", "region", "currency", "valid_from", "valid_to", "note")
SEASON_KEYS = ("name", "months")


class NoPriceForDay(TradeError):
    """No rule file gives a price for this day."""

    next_step = "add a dated rule file for the day, or end the bill where the price changes"


class UnknownTariff(TradeError):
    """No rule file has this name."""

    next_step = "look at the names in rules/tariffs/"


@dataclass(frozen=True)
class RuleFile:
    """One dated tariff file; valid_to is excluded, None: until a later file says otherwise."""

    name: str
    stem: str
    valid_from: date
    valid_to: date | None
    node: Node

    def holds_on(self, day: date) -> bool:
        """Whether the file is valid on this day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


def read_rule_file(path: Path) -> RuleFile:
    """Read the head of one file; raises BadDocument, BadUnit."""
    node = read_yaml_file(path)
    node.only((*HEAD_KEYS, "tariff", "seasons", *ORIGIN_KEYS))
    node.at("schema").choice((SCHEMA,))
    node.at("currency").choice(("CNY",))
    valid_from, valid_to = node.at("valid_from"), node.find("valid_to")
    rule_file = RuleFile(
        name=node.at("name").text(),
        stem=path.stem,
        valid_from=valid_from.day(),
        valid_to=valid_to.day() if valid_to else None,
        node=node,
    )
    if rule_file.valid_to is not None and rule_file.valid_to <= rule_file.valid_from:
        raise node.bad("valid_to does not lie after valid_from", "valid_to")
    return rule_file


def check_rule_file(path: Path) -> RuleFile:
    """Read a file and its tariff of every month; raises each tariff error with file and key."""
    rule_file = read_rule_file(path)
    for month in MONTHS:
        read_tariff(_document(rule_file, month))
    return rule_file


def tariffs_on(name: str, day: date, rules_folder: Path | None = None) -> Tariff:
    """
    The tariff of this name that holds on a day.

    name          name of a tariff, or of one dated file without its ending
    rules_folder  folder rules/; None: that of this checkout
    raises        UnknownTariff, NoPriceForDay, OverlappingPeriods and every error of the file
    """
    document = tariff_document(name, day, day + timedelta(days=1), rules_folder)
    return read_tariff(Node(document, name, "tariff"))


@cache
def tariff_title(name: str, language: str, rules_folder: Path | None = None) -> str:
    """
    What a tariff is called for people, by its latest file.

    language  "zh" or "en"
    returns   the name itself where no file has it, or its latest file has no title
    """
    try:
        files = _named(name, find_rules_folder(rules_folder) / "tariffs")
    except UnknownTariff:
        return name
    title = max(files, key=lambda file: file.valid_from).node.find("title")
    return title.at(language).text() if title else name


def tariff_document(
    name: str, period_from: date, period_to: date, rules_folder: Path | None = None
) -> dict[str, Any]:
    """
    The `tariff:` mapping that holds through a whole period (end excluded), as JSON values.

    raises  NoPriceForDay: with the first day on which this price does not hold
    """
    rule_files = _named(name, find_rules_folder(rules_folder) / "tariffs")
    chosen = _on(rule_files, name, period_from)
    document = _document(chosen, period_from.month)
    day = period_from + timedelta(days=1)
    while day < period_to:
        other = _on(rule_files, name, day)
        if other is not chosen or _document(other, day.month).value["rule"] != document.value["rule"]:
            raise NoPriceForDay(
                f"the price of {name} of {period_from} does not hold on {day}",
                tariff=name,
                day=day.isoformat(),
                file=chosen.stem,
                key="valid_to",
            )
        day += timedelta(days=1)
    plain: dict[str, Any] = to_plain(document)
    return plain


def tariff_on_file(rule_file: RuleFile, day: date | None = None) -> dict[str, Any]:
    """
    The `tariff:` mapping of one file on a day (None: its first day), as JSON values.

    raises  NoPriceForDay: the file is not valid on the day
    """
    day = rule_file.valid_from if day is None else day
    plain: dict[str, Any] = to_plain(_document(_on([rule_file], rule_file.name, day), day.month))
    return plain


def rules_hash(tariff: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON of a tariff mapping: sorted keys, no spaces, UTF-8."""
    canonical = dumps(tariff, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{sha256(canonical.encode()).hexdigest()}"


def _named(name: str, folder: Path) -> list[RuleFile]:
    stem = name.removesuffix(".yaml")
    rule_files = [read_rule_file(path) for path in sorted(folder.glob("*.yaml"))]
    named = [rule_file for rule_file in rule_files if stem in (rule_file.name, rule_file.stem)]
    if not named:
        known = sorted({rule_file.name for rule_file in rule_files})
        raise UnknownTariff(f"no rule file is named {name}", tariff=name, known=known)
    return named


def _on(rule_files: list[RuleFile], name: str, day: date) -> RuleFile:
    valid = [rule_file for rule_file in rule_files if rule_file.holds_on(day)]
    values: dict[str, Any] = {"tariff": name, "day": day.isoformat(), "key": "valid_from"}
    if not valid:
        raise NoPriceForDay(f"no file of {name} is valid on {day}", file=rule_files[-1].stem, **values)
    if len(valid) > 1:
        files = [rule_file.stem for rule_file in valid]
        raise OverlappingPeriods(f"{' and '.join(files)} are both valid on {day}", file=files[0], **values)
    return valid[0]


def _document(rule_file: RuleFile, month: int) -> Node:
    """Join head, tariff and the season of the month to one `tariff:` mapping that tells its rule."""
    node = rule_file.node
    season = _season(rule_file, month)
    rule = {
        "name": rule_file.name,
        "valid_from": rule_file.valid_from.isoformat(),
        "valid_to": rule_file.valid_to.isoformat() if rule_file.valid_to else None,
        "season": season.get("name"),
    }
    merged = {key: node.value[key] for key in ORIGIN_KEYS if key in node.value}
    if "unit" not in merged:
        raise node.bad(f"unit is missing: {YUAN_PER_KWH}", "unit")
    tariff = node.at("tariff")
    tariff.only(TARIFF_KEYS)
    merged |= tariff.value
    merged |= {key: value for key, value in season.items() if key not in SEASON_KEYS}
    return Node(merged | {"rule": rule}, f"{rule_file.stem}.yaml", "tariff")


def _season(rule_file: RuleFile, month: int) -> dict[str, Any]:
    seasons = rule_file.node.find("seasons")
    if seasons is None:
        return {}
    of_month = []
    for item in seasons.items():
        item.only((*SEASON_KEYS, *TARIFF_KEYS))
        if month in read_months(item.at("months")):
            of_month.append(item)
    values: dict[str, Any] = {"file": f"{rule_file.stem}.yaml", "key": "seasons", "month": month}
    if not of_month:
        raise NoPriceForDay(f"no season of {rule_file.name} has month {month}", **values)
    if len(of_month) > 1:
        raise OverlappingPeriods(f"two seasons of {rule_file.name} have month {month}", **values)
    return dict(of_month[0].value)
