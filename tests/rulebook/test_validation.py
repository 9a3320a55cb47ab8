"""Rule files of the day close: thresholds by class and model, dated files, refusals that name the key."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from mingdu.core.findings import OFF, Limit, Rule, Severity, Thresholds
from mingdu.rulebook.document import BadDocument, BadUnit
from mingdu.rulebook.folders import find_rules_folder
from mingdu.rulebook.validation import (
    FIRST_RULES,
    Marks,
    NoValidationRulesForDay,
    PointKind,
    read_validation_rules,
    validation_files,
    validation_rules_on,
)
from mingdu.rulebook.validation_limits import FILL_LIMITS, RULE_LIMITS, UNCERTAINTY_LIMITS

FILE = find_rules_folder() / "validation" / "thresholds.yaml"
FIRST_FILE = """
schema: mingdu/validation/1
valid_from: 2024-01-01
source: the project's first file
confidence: ours
verified: false
rules:
  - {rule: GAP, code: V1-GAP, name: {zh: 缺点, en: Gap}, severity: NOTICE, limits: {intervals: 2}}
  - rule: SPIKE
    code: V2-SPIKE
    name: {zh: 突增, en: Spike}
    severity: HOLD
    limits: {capacity_times: "1.2", like_hours_p99_times: "8"}
  - {rule: NEGATIVE, code: V3-NEGATIVE, name: {zh: 负, en: Negative}, severity: HOLD, limits: {}}
  - rule: STUCK
    code: V4-STUCK
    name: {zh: 停走, en: Stuck}
    severity: TASK
    limits: {zero_hours: 24, mean_before_wh: 20}
  - rule: OVER_CAPACITY
    code: V5-OVER-CAPACITY
    name: {zh: 超容量, en: Over capacity}
    severity: TASK
    limits: {capacity_times: "1.1", intervals: 2}
  - {rule: ROLL_OVER, code: V6-ROLL-OVER, name: {zh: 翻转, en: Roll-over}, severity: HOLD, limits: {}}
  - rule: TOTAL_AGAINST_PERIODS
    code: V7-TOTAL-PERIODS
    name: {zh: 总分, en: Total}
    severity: HOLD
    limits: {digits_each: 1}
fills: {linear_minutes: 120, like_days: 7}
"""
EXCEPTIONS = """    exceptions:
      - {customer_class: commercial, severity: TASK, limits: {intervals: 3}}
      - {meter_model: old-meter, limits: {intervals: 5}, source: it stops, confidence: K, verified: true}
      - {customer_class: commercial, meter_model: old-meter, active: false}
  - rule: SPIKE
"""


def changed(folder: Path, old: str, new: str) -> Path:
    """The rule file with one text replaced, as rules/validation/changed.yaml of a folder."""
    text = FILE.read_text("utf-8")
    assert old in text
    return written(folder, text.replace(old, new, 1), "changed")


def written(folder: Path, text: str, name: str) -> Path:
    path = folder / "validation" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def plain(thresholds: Thresholds, limit: Limit) -> int:
    return int(thresholds.limits[0, limit])


def test_reads_the_first_thresholds_of_the_contract() -> None:
    rules = validation_rules_on(date(2026, 12, 1))
    limits = rules.thresholds([PointKind()]).limits[0]
    assert limits[Limit.GAP_INTERVALS] == 1
    assert limits[[Limit.SPIKE_CAPACITY_TIMES, Limit.SPIKE_LIKE_HOURS_TIMES]].tolist() == [1200, 8000]
    assert limits[[Limit.STUCK_HOURS, Limit.STUCK_MEAN_WH]].tolist() == [48, 20]
    assert limits[[Limit.OVER_CAPACITY_TIMES, Limit.OVER_CAPACITY_INTERVALS]].tolist() == [1100, 2]
    assert limits[Limit.PERIOD_DIGITS] == 1
    assert limits[[Limit.LINEAR_MINUTES, Limit.LIKE_DAYS_MINUTES]].tolist() == [120, 7 * 24 * 60]
    assert not rules.marks.is_verified and rules.marks.source


def test_every_unit_of_a_file_becomes_that_of_the_kernels() -> None:
    limits = validation_rules_on(date(2026, 12, 1)).thresholds([PointKind()]).limits[0]
    assert limits[[Limit.VOLTAGE_NOMINAL_DV, Limit.VOLTAGE_HIGH_SHARE]].tolist() == [2200, 1070]
    assert limits[Limit.MULTIPLIER_CAPACITY_W] == 50_000
    written_limits = {known.limit for keys in RULE_LIMITS.values() for known in keys.values()}
    of_fills = {known.limit for known in FILL_LIMITS.values()}
    of_fills |= {limit for pair in UNCERTAINTY_LIMITS.values() for limit in pair}
    assert written_limits | of_fills == set(Limit)
    assert (limits > 0).all()


def test_every_rule_has_a_stable_code_texts_and_a_severity() -> None:
    rules = read_validation_rules(FILE).rules
    assert set(rules) == set(Rule)
    codes = [rules[rule].code for rule in Rule]
    assert codes[:7] == [
        "V1-GAP",
        "V2-SPIKE",
        "V3-NEGATIVE",
        "V4-STUCK",
        "V5-OVER-CAPACITY",
        "V6-ROLL-OVER",
        "V7-TOTAL-PERIODS",
    ]
    assert [int(code[1:].partition("-")[0]) for code in codes] == [int(rule) for rule in Rule]
    for entry in rules.values():
        texts = (entry.name, entry.sentence, entry.advice)
        assert all(text.zh and text.en for text in texts)
        assert (entry.name.of("zh-hans"), entry.name.of("en")) == entry.name
    held = {Rule.SPIKE, Rule.NEGATIVE, Rule.ROLL_OVER, Rule.TOTAL_AGAINST_PERIODS}
    assert {rule for rule, entry in rules.items() if entry.default.severity is Severity.HOLD} == held


def test_the_most_special_exception_holds_and_keeps_what_it_does_not_name(tmp_path: Path) -> None:
    rules = read_validation_rules(changed(tmp_path, "  - rule: SPIKE\n", EXCEPTIONS))
    kinds = [
        PointKind("residential", "new-meter"),
        PointKind("commercial", "new-meter"),
        PointKind("residential", "old-meter"),
        PointKind("commercial", "old-meter"),
    ]
    thresholds = rules.thresholds(kinds)
    assert thresholds.limits[:, Limit.GAP_INTERVALS].tolist() == [1, 3, 5, 5]
    severities = [Severity.NOTICE, Severity.TASK, Severity.NOTICE, OFF]
    assert thresholds.severity[:, Rule.GAP].tolist() == severities
    assert thresholds.is_on(Rule.GAP)
    assert not rules.thresholds(kinds[3:]).is_on(Rule.GAP)
    general, special = rules.rules[Rule.GAP].default, rules.rules[Rule.GAP].exceptions[1]
    assert special.marks == Marks("it stops", "K", True)
    assert special.shown == {"intervals": "5"}
    assert general.marks == rules.marks


def test_a_file_of_the_first_schema_is_still_read_and_knows_seven_rules(tmp_path: Path) -> None:
    rules = read_validation_rules(written(tmp_path, FIRST_FILE, "first"))
    assert tuple(rules.rules) == FIRST_RULES
    thresholds = rules.thresholds([PointKind("residential", "any")])
    assert (plain(thresholds, Limit.GAP_INTERVALS), plain(thresholds, Limit.STUCK_HOURS)) == (2, 24)
    assert thresholds.severity[0, Rule.GAP] == Severity.NOTICE
    assert not thresholds.severity[0, Rule.DROP :].any()


def test_the_latest_file_that_is_valid_holds(tmp_path: Path) -> None:
    written(tmp_path, FIRST_FILE, "first")
    later = FILE.read_text("utf-8").replace("valid_from: 2025-01-01", "valid_from: 2027-01-01")
    written(tmp_path, later, "a_later_one")

    def hours(day: date) -> int:
        return plain(validation_rules_on(day, tmp_path).thresholds([PointKind()]), Limit.STUCK_HOURS)

    assert hours(date(2026, 12, 31)) == 24
    assert hours(date(2027, 1, 1)) == 48
    assert [rules.valid_from.year for rules in validation_files(tmp_path)] == [2024, 2027]


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    written(tmp_path, FIRST_FILE, "first")
    day = date(2026, 1, 1)
    assert validation_rules_on(day, tmp_path) is validation_rules_on(day, tmp_path)
    path = written(tmp_path, FIRST_FILE.replace("zero_hours: 24", "zero_hours: 36"), "first")
    os.utime(path, ns=(1, 1))
    assert plain(validation_rules_on(day, tmp_path).thresholds([PointKind()]), Limit.STUCK_HOURS) == 36


def test_refuses_a_day_before_the_first_file() -> None:
    with pytest.raises(NoValidationRulesForDay, match="2024-12-31"):
        validation_rules_on(date(2024, 12, 31))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("mingdu/validation/2", "mingdu/validation/3", "schema"),
        ("source: first", "origin: first", "unknown key origin"),
        ("rule: GAP", "rule: HOLE", "one of GAP"),
        ("rule: ROLL_OVER", "rule: NEGATIVE", "NEGATIVE comes twice"),
        ("severity: NOTICE", "severity: SHOUT", "one of NOTICE"),
        ("zero_hours: 48", "zero_hours: 0", "stuck|between 1"),
        ("linear_minutes: 120", "linear_minutes: 9999999", "between 1"),
        ("like_days: 7", "like_days: 1000001", "between 1"),
        ('transformer_capacity: "50"', 'transformer_capacity: "1000001"', "between 1"),
        ('capacity_times: "1.2"', 'capacity_times: "0"', "above 0"),
        ('capacity_times: "1.2"', 'capacity_times: "100.001"', "above 0"),
        ('flat: ["0.1", "5"]', 'flat: ["1.1", "5"]', "two factors"),
        ('flat: ["0.1", "5"]', 'flat: ["0.1"]', "two factors"),
        ("zero_hours: 48, ", "", "zero_hours is missing"),
        ("limits: {}", "limits: {hours: 1}", "unknown key hours"),
        ("verified: false", "verified: perhaps", "true or false"),
        ("transformer_ratios: [2, 4,", "transformer_ratios: [4, 2,", "ratios rise"),
        (
            "{customer_class: area, active: false",
            "{active: false",
            "customer_class or meter_model is missing",
        ),
        ("{customer_class: area, active: false", "{customer_class: area, actve: false", "unknown key actve"),
        (
            "      - {customer_class: area, active: false",
            "      - {customer_class: area, severity: HOLD}\n      - {customer_class: area, active: false",
            "come twice",
        ),
    ],
)
def test_refuses_a_file_with_a_fault(tmp_path: Path, old: str, new: str, why: str) -> None:
    with pytest.raises(BadDocument, match=why):
        read_validation_rules(changed(tmp_path, old, new))


def test_refuses_a_file_without_one_of_the_rules(tmp_path: Path) -> None:
    text = FILE.read_text("utf-8")
    without = text[: text.index("  - rule: ROLL_OVER")] + text[text.index("  - rule: TOTAL") :]
    with pytest.raises(BadDocument, match="ROLL_OVER is missing"):
        read_validation_rules(written(tmp_path, without, "thresholds"))


def test_a_first_file_may_not_name_a_later_rule(tmp_path: Path) -> None:
    text = FIRST_FILE.replace("rule: GAP", "rule: DROP")
    with pytest.raises(BadDocument, match="one of GAP"):
        read_validation_rules(written(tmp_path, text, "first"))


@pytest.mark.parametrize("text", ["much", "1.2345"])
def test_refuses_a_factor_that_is_no_decimal_of_three_places(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadUnit, match="capacity_times"):
        read_validation_rules(changed(tmp_path, 'capacity_times: "1.2"', f'capacity_times: "{text}"'))
