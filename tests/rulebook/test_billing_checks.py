"""The thresholds of the checks before issue are read from the rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from mingdu.rulebook.billing_checks import BillingChecks, billing_checks
from mingdu.rulebook.document import BadDocument

RIGHT = """
schema: mingdu/billing-checks/1
variance_gate: {percent_of_month_before: 150, least_kwh: 30}
capacity_percent: 105
curve_estimated_percent: 40
"""


def folder_with(tmp_path: Path, text: str) -> Path:
    (tmp_path / "billing").mkdir()
    (tmp_path / "billing" / "checks.yaml").write_text(text)
    return tmp_path


def test_reads_the_thresholds_of_the_rules() -> None:
    assert billing_checks() == BillingChecks(200, 200_000, 110, 25)


def test_the_least_energy_comes_in_watt_hours(tmp_path: Path) -> None:
    assert billing_checks(folder_with(tmp_path, RIGHT)) == BillingChecks(150, 30_000, 105, 40)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("mingdu/billing-checks/1", "mingdu/process/1"), ("capacity_percent: 105", ""),
        ("curve_estimated_percent: 40", ""),
        ("least_kwh: 30", "least_kwh: '30.5'"), ("percent_of_month_before: 150, ", ""),
    ],
)  # fmt: skip
def test_refuses_a_file_of_another_form(right: str, wrong: str, tmp_path: Path) -> None:
    with pytest.raises(BadDocument):
        billing_checks(folder_with(tmp_path, RIGHT.replace(right, wrong)))
