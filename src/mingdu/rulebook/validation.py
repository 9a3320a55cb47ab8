"""Reads rules/validation: the limits of the day close, with code, name and severity of each rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mingdu.core.findings import Rule, Severity, Thresholds
from mingdu.errors import TradeError
from mingdu.rulebook.document import Node, read_yaml_file
from mingdu.rulebook.folders import find_rules_folder

SCHEMA = "mingdu/validation/1"
MINUTES_PER_DAY = 24 * 60
LARGEST_PERMILLE = 100_000
LARGEST_LIMIT = 1_000_000
LIMIT_KEYS = {
    Rule.GAP: ("intervals",),
    Rule.SPIKE: ("capacity_times", "like_hours_p99_times"),
    Rule.NEGATIVE: (),
    Rule.STUCK: ("zero_hours", "mean_before_wh"),
    Rule.OVER_CAPACITY: ("capacity_times", "intervals"),
    Rule.ROLL_OVER: (),
    Rule.TOTAL_AGAINST_PERIODS: ("digits_each",),
}


class NoValidationRulesForDay(TradeError):
    """No rule file has limits for this day."""

    next_step = "add a dated file to rules/validation"


@dataclass(frozen=True)
class RuleName:
    """How a rule is called: `code` is stable, the names are for people."""

    code: str
    name_zh: str
    name_en: str
    severity: Severity


@dataclass(frozen=True)
class ValidationRules:
    """Limits that hold from a day on, where they come from, and the rules' names."""

    valid_from: date
    source: str
    is_verified: bool
    thresholds: Thresholds
    names: dict[Rule, RuleName]


def validation_rules_on(day: date, rules_folder: Path | None = None) -> ValidationRules:
    """
    Return the limits that hold on a day: those of the latest file that is valid from that day or earlier.

    rules_folder  folder rules/; None: that of this checkout
    raises        NoValidationRulesForDay, BadDocument, BadUnit
    """
    folder = find_rules_folder(rules_folder) / "validation"
    files = [read_validation_rules(path) for path in sorted(folder.glob("*.yaml"))]
    valid = [rules for rules in files if rules.valid_from <= day]
    if not valid:
        raise NoValidationRulesForDay(f"no validation rules for {day}", day=day.isoformat())
    return max(valid, key=lambda rules: rules.valid_from)


def read_validation_rules(path: Path) -> ValidationRules:
    """
    Read one file.

    raises  BadDocument: a rule is missing, twice or misspelt, or a limit is out of range; BadUnit
    """
    node = read_yaml_file(path)
    node.only(("schema", "valid_from", "source", "confidence", "verified", "rules", "fills"))
    node.at("schema").choice((SCHEMA,))
    rules = _rules_by_name(node.at("rules"))
    names = {rule: _name(item) for rule, item in rules.items()}
    return ValidationRules(
        valid_from=node.at("valid_from").day(),
        source=node.at("source").text(),
        is_verified=node.at("verified").boolean(),
        thresholds=_thresholds(rules, node.at("fills"), names),
        names=names,
    )


def _rules_by_name(node: Node) -> dict[Rule, Node]:
    rules: dict[Rule, Node] = {}
    for item in node.items():
        item.only(("rule", "code", "name", "severity", "limits"))
        rule = Rule[item.at("rule").choice(Rule.__members__)]
        if rule in rules:
            raise item.bad(f"{rule.name} comes twice", "rule")
        item.at("limits").only(LIMIT_KEYS[rule])
        rules[rule] = item
    missing = sorted(Rule.__members__.keys() - {rule.name for rule in rules})
    if missing:
        raise node.bad(f"{missing[0]} is missing")
    return rules


def _name(item: Node) -> RuleName:
    name = item.at("name")
    name.only(("zh", "en"))
    severity = Severity[item.at("severity").choice(Severity.__members__)]
    return RuleName(item.at("code").text(), name.at("zh").text(), name.at("en").text(), severity)


def _thresholds(rules: dict[Rule, Node], fills: Node, names: dict[Rule, RuleName]) -> Thresholds:
    fills.only(("linear_minutes", "like_days"))
    limits = {rule: item.at("limits") for rule, item in rules.items()}
    return Thresholds(
        gap_intervals=_whole(limits[Rule.GAP], "intervals"),
        spike_capacity_permille=_permille(limits[Rule.SPIKE], "capacity_times"),
        spike_like_hours_permille=_permille(limits[Rule.SPIKE], "like_hours_p99_times"),
        stuck_hours=_whole(limits[Rule.STUCK], "zero_hours"),
        stuck_mean_wh=_whole(limits[Rule.STUCK], "mean_before_wh"),
        over_capacity_permille=_permille(limits[Rule.OVER_CAPACITY], "capacity_times"),
        over_capacity_intervals=_whole(limits[Rule.OVER_CAPACITY], "intervals"),
        period_tolerance_digits=_whole(limits[Rule.TOTAL_AGAINST_PERIODS], "digits_each"),
        linear_minutes=_whole(fills, "linear_minutes"),
        like_days_minutes=_whole(fills, "like_days") * MINUTES_PER_DAY,
        severities={rule: name.severity for rule, name in names.items()},
    )


def _whole(node: Node, key: str) -> int:
    limit = node.at(key).whole()
    if not 1 <= limit <= LARGEST_LIMIT:
        raise node.bad(f"a limit lies between 1 and {LARGEST_LIMIT}", key)
    return limit


def _permille(node: Node, key: str) -> int:
    permille = node.at(key).scaled("times", 3)
    if not 1 <= permille <= LARGEST_PERMILLE:
        raise node.bad(f"a factor lies above 0 and up to {LARGEST_PERMILLE // 1000}", key)
    return permille
