"""Rule files of the day close: the contract's first thresholds, dated files, refusals that name the key."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from mingdu.core.findings import Rule, Severity
from mingdu.rulebook.document import BadDocument, BadUnit
from mingdu.rulebook.folders import find_rules_folder
from mingdu.rulebook.validation import NoValidationRulesForDay, read_validation_rules, validation_rules_on

FILE = find_rules_folder() / "validation" / "thresholds.yaml"


def changed(folder: Path, old: str, new: str) -> Path:
    """The rule file with one text replaced, as rules/validation/changed.yaml of a folder."""
    text = FILE.read_text("utf-8")
    assert old in text
    path = folder / "validation" / "changed.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


def test_reads_the_first_thresholds_of_the_contract() -> None:
    rules = validation_rules_on(date(2026, 12, 1))
    thresholds = rules.thresholds
    assert thresholds.gap_intervals == 1
    assert (thresholds.spike_capacity_permille, thresholds.spike_like_hours_permille) == (1200, 8000)
    assert (thresholds.stuck_hours, thresholds.stuck_mean_wh) == (48, 20)
    assert (thresholds.over_capacity_permille, thresholds.over_capacity_intervals) == (1100, 2)
    assert thresholds.period_tolerance_digits == 1
    assert (thresholds.linear_minutes, thresholds.like_days_minutes) == (120, 7 * 24 * 60)
    assert not rules.is_verified and rules.source


def test_every_rule_has_a_stable_code_names_and_a_severity() -> None:
    rules = read_validation_rules(FILE)
    assert set(rules.names) == set(Rule)
    assert [rules.names[rule].code for rule in Rule] == [
        "V1-GAP",
        "V2-SPIKE",
        "V3-NEGATIVE",
        "V4-STUCK",
        "V5-OVER-CAPACITY",
        "V6-ROLL-OVER",
        "V7-TOTAL-PERIODS",
    ]
    assert all(name.name_zh and name.name_en for name in rules.names.values())
    assert rules.thresholds.severities == {rule: name.severity for rule, name in rules.names.items()}
    held = {Rule.SPIKE, Rule.NEGATIVE, Rule.ROLL_OVER, Rule.TOTAL_AGAINST_PERIODS}
    assert {rule for rule, name in rules.names.items() if name.severity is Severity.HOLD} == held


def test_the_latest_file_that_is_valid_holds(tmp_path: Path) -> None:
    changed(tmp_path, "zero_hours: 48", "zero_hours: 24")
    later = FILE.read_text("utf-8").replace("valid_from: 2025-01-01", "valid_from: 2027-01-01")
    (tmp_path / "validation" / "later.yaml").write_text(later, "utf-8")
    assert validation_rules_on(date(2026, 12, 31), tmp_path).thresholds.stuck_hours == 24
    assert validation_rules_on(date(2027, 1, 1), tmp_path).thresholds.stuck_hours == 48


def test_refuses_a_day_before_the_first_file() -> None:
    with pytest.raises(NoValidationRulesForDay, match="2024-12-31"):
        validation_rules_on(date(2024, 12, 31))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("mingdu/validation/1", "mingdu/validation/2", "schema"),
        ("source: first", "origin: first", "unknown key origin"),
        ("rule: GAP", "rule: HOLE", "one of GAP"),
        ("rule: ROLL_OVER", "rule: NEGATIVE", "NEGATIVE comes twice"),
        ("severity: NOTICE", "severity: SHOUT", "one of NOTICE"),
        ("zero_hours: 48", "zero_hours: 0", "stuck|between 1"),
        ("linear_minutes: 120", "linear_minutes: 9999999", "between 1"),
        ('capacity_times: "1.2"', 'capacity_times: "0"', "above 0"),
        ('capacity_times: "1.2"', 'capacity_times: "100.001"', "above 0"),
        ("zero_hours: 48, ", "", "zero_hours is missing"),
        ("limits: {}", "limits: {hours: 1}", "unknown key hours"),
        ("verified: false", "verified: perhaps", "true or false"),
    ],
)
def test_refuses_a_file_with_a_fault(tmp_path: Path, old: str, new: str, why: str) -> None:
    with pytest.raises(BadDocument, match=why):
        read_validation_rules(changed(tmp_path, old, new))


def test_refuses_a_file_without_one_of_the_rules(tmp_path: Path) -> None:
    text = FILE.read_text("utf-8")
    without = text[: text.index("  - rule: ROLL_OVER")] + text[text.index("  - rule: TOTAL") :]
    path = tmp_path / "thresholds.yaml"
    path.write_text(without, "utf-8")
    with pytest.raises(BadDocument, match="ROLL_OVER is missing"):
        read_validation_rules(path)


@pytest.mark.parametrize("text", ["much", "1.2345"])
def test_refuses_a_factor_that_is_no_decimal_of_three_places(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadUnit, match="capacity_times"):
        read_validation_rules(changed(tmp_path, 'capacity_times: "1.2"', f'capacity_times: "{text}"'))
