"""What areas are balanced by is read from the rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from mingdu.core.area_balance import Band
from mingdu.rulebook.area_balance import balance_rules
from mingdu.rulebook.document import BadDocument

GOOD = """schema: mingdu/area-balance/1
source: somebody
verified: false
technical_loss: {lowest: "1.5", highest: "6"}
look_back_days: 14
named_from: {explains: "40", better_area: "50"}
"""


def folder_with(tmp_path: Path, text: str) -> Path:
    (tmp_path / "balance").mkdir()
    (tmp_path / "balance" / "areas.yaml").write_text(text)
    return tmp_path


def test_reads_the_rules_of_the_project() -> None:
    rules = balance_rules()
    assert rules.band == Band(10_000, 70_000)
    assert (rules.look_back_days, rules.explains_ppm, rules.better_area_ppm) == (30, 400_000, 500_000)
    assert not rules.verified and rules.source


def test_percents_become_parts_of_a_million(tmp_path: Path) -> None:
    assert balance_rules(folder_with(tmp_path, GOOD)).band == Band(15_000, 60_000)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("mingdu/area-balance/1", "mingdu/area-balance/2"), ('lowest: "1.5"', 'lowest: "7"'),
        ('highest: "6"', 'highest: "101"'), ('lowest: "1.5"', 'lowest: "-1"'), ("days: 14", "days: 6"),
        ("days: 14", "days: 367"), ("days: 14", "days: many"),
    ],
)  # fmt: skip
def test_refuses_what_makes_no_sense(old: str, new: str, tmp_path: Path) -> None:
    with pytest.raises(BadDocument):
        balance_rules(folder_with(tmp_path, GOOD.replace(old, new)))
