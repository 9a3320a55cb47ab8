"""When backups are due, by the rules and the utility's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mingdu.main.backup.rules import BackupRules, Done, backup_rules, due_run, next_run
from mingdu.rulebook.document import BadDocument

ZONE = ZoneInfo("Asia/Shanghai")
# A Monday. Full on Sundays at 02:30, incremental every day, the proof on Sundays at 04:00.
MONDAY = datetime(2027, 1, 4, 9, 0, tzinfo=ZONE)
SUNDAY_RUN = datetime(2027, 1, 3, 2, 31, tzinfo=ZONE)
MONDAY_RUN = datetime(2027, 1, 4, 2, 31, tzinfo=ZONE)
PROVEN = datetime(2027, 1, 3, 4, 1, tzinfo=ZONE)
RULES = Path(__file__).parents[3] / "rules"


@pytest.fixture
def rules() -> BackupRules:
    return backup_rules()


def test_reads_its_own_aims(rules: BackupRules) -> None:
    assert (rules.loss, rules.recovery) == (timedelta(minutes=5), timedelta(hours=1))
    assert rules.keep_full == 4


@pytest.mark.parametrize(
    ("done", "now", "due"),
    [
        (Done(), MONDAY, "full"),
        (Done(full=SUNDAY_RUN, verify=PROVEN), MONDAY, "incremental"),
        (Done(full=SUNDAY_RUN, incremental=MONDAY_RUN, verify=PROVEN), MONDAY, None),
        (Done(full=SUNDAY_RUN, incremental=MONDAY_RUN), MONDAY, "verify"),
        (Done(full=MONDAY_RUN, verify=PROVEN), MONDAY, None),
        (Done(full=SUNDAY_RUN - timedelta(days=7), verify=PROVEN), MONDAY, "full"),
        (
            Done(full=SUNDAY_RUN, incremental=MONDAY_RUN, verify=PROVEN),
            MONDAY.replace(hour=2, minute=29),
            None,
        ),
        (Done(full=SUNDAY_RUN, verify=PROVEN), MONDAY.replace(hour=2, minute=29), None),
        (Done(full=SUNDAY_RUN.astimezone(UTC), verify=PROVEN), MONDAY, "incremental"),
    ],
)
def test_tells_what_is_due(rules: BackupRules, done: Done, now: datetime, due: str | None) -> None:
    assert due_run(rules, done, now) == due


def test_tells_when_the_next_is_due(rules: BackupRules) -> None:
    assert next_run(rules, MONDAY) == datetime(2027, 1, 5, 2, 30, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("keep_full: 4", "keep_full: 0"),
        ('full: {at: "02:30"', 'full: {at: "25:00"'),
        ("days: [sunday]", "days: []"),
        ("days: [sunday]", "days: [someday]"),
        ("mingdu/backup-rules/1", "mingdu/backup-rules/2"),
        ("retry_minutes", "retry"),
    ],
)
def test_refuses_rules_that_make_no_sense(tmp_path: Path, good: str, bad: str) -> None:
    text = (RULES / "backup.yaml").read_text()
    (tmp_path / "backup.yaml").write_text(text.replace(good, bad, 1))
    with pytest.raises(BadDocument):
        backup_rules(tmp_path)
