"""How long readings are kept: read from the rules, with a floor under what bills rest on."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from mingdu.core.registers import Channel
from mingdu.rulebook.document import BadDocument
from mingdu.rulebook.retention import NoRetention, months_before, retention_on

DAY = date(2027, 1, 4)
SAYS = "source: ours, verified: false"
ENERGY = [channel.name for channel in Channel if channel < Channel.VOLTAGE_A]
OTHERS = [channel.name for channel in Channel if channel >= Channel.VOLTAGE_A]


def folder_with(tmp_path: Path, **changed: str) -> Path:
    """A rule file whose parts are sound but for those that are given."""
    parts = {
        "valid_from": "2026-01-01",
        "sealing": f"{{hot_months: 2, ended_days: 30, {SAYS}}}",
        "registers": f"{{months: 60, {SAYS}}}",
        "channels": f"[{_channels(ENERGY, 60)}, {_channels(OTHERS, 24)}]",
        "evidence": f"{{frame: {{days: 90, {SAYS}}}}}",
        **changed,
    }
    (tmp_path / "retention").mkdir()
    text = ", ".join(f"{name}: {value}" for name, value in parts.items())
    (tmp_path / "retention" / "readings.yaml").write_text(
        f"schema: mingdu/retention/1\nversions: [{{{text}}}]\n"
    )
    return tmp_path


def _channels(names: list[str], months: int) -> str:
    return f"{{channels: [{', '.join(names)}], months: {months}, {SAYS}}}"


def test_the_projects_rules_hold() -> None:
    rules = retention_on(DAY)
    assert rules.evidence_days == {"frame": 90}
    assert set(rules.channel_months) == set(Channel)
    assert (rules.hot_months, rules.register_months, rules.channel_months[Channel.VOLTAGE_A]) == (2, 60, 24)
    assert rules.latest_sealable(DAY) == date(2026, 10, 1)
    assert rules.oldest_kept(DAY, 24) == date(2025, 1, 1)


@pytest.mark.parametrize(
    ("day", "months", "first"),
    [
        (DAY, 0, "2027-01-01"),
        (DAY, 1, "2026-12-01"),
        (DAY, 13, "2025-12-01"),
        (date(2026, 12, 31), 12, "2025-12-01"),
    ],
)
def test_counts_months_back_across_years(day: date, months: int, first: str) -> None:
    assert months_before(day, months) == date.fromisoformat(first)


def test_before_the_first_version_nothing_is_ruled(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    assert retention_on(DAY, folder).register_months == 60
    with pytest.raises(NoRetention):
        retention_on(date(2025, 12, 31), folder)


@pytest.mark.parametrize(
    ("part", "says", "why"),
    [
        ("registers", f"{{months: 35, {SAYS}}}", "bills rest on it"),
        ("channels", f"[{_channels(ENERGY, 35)}, {_channels(OTHERS, 24)}]", "bills rest on it"),
        ("channels", f"[{_channels(ENERGY, 60)}]", "nothing is said of VOLTAGE_A"),
        (
            "channels",
            f"[{_channels([*ENERGY, *OTHERS], 60)}, {_channels(['STATUS'], 24)}]",
            "STATUS is named twice",
        ),
        ("channels", f"[{_channels(['STEAM'], 60)}]", "one of IMPORT"),
        ("sealing", f"{{hot_months: 0, ended_days: 30, {SAYS}}}", "one or more"),
        ("sealing", "{hot_months: 2, ended_days: 30, verified: false}", "source"),
        ("evidence", "{}", "frame"),
        ("evidence", f"{{frame: {{days: 90, {SAYS}}}, rumour: {{days: 1, {SAYS}}}}}", "rumour"),
    ],
)
def test_refuses_rules_that_cannot_hold(tmp_path: Path, part: str, says: str, why: str) -> None:
    with pytest.raises(BadDocument, match=why):
        retention_on(DAY, folder_with(tmp_path, **{part: says}))
