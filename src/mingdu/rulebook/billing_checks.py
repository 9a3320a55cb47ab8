"""Reads rules/billing/checks.yaml (核算校核阈值)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .document import read_yaml_file
from .folders import find_rules_folder

SCHEMA = "mingdu/billing-checks/1"
WH_PER_KWH = 1000


@dataclass(frozen=True)
class BillingChecks:
    """
    Thresholds of the checks before issue.

    curve_percent  of the minutes of a month that may be estimated where the curve is billed
    """

    gate_percent: int
    gate_least_wh: int
    capacity_percent: int
    curve_percent: int


@cache
def billing_checks(folder: Path | None = None) -> BillingChecks:
    """Return the thresholds; raises BadDocument."""
    document = read_yaml_file(find_rules_folder(folder) / "billing" / "checks.yaml")
    document.at("schema").choice([SCHEMA])
    gate = document.at("variance_gate")
    return BillingChecks(
        gate_percent=gate.at("percent_of_month_before").whole(),
        gate_least_wh=gate.at("least_kwh").whole() * WH_PER_KWH,
        capacity_percent=document.at("capacity_percent").whole(),
        curve_percent=document.at("curve_estimated_percent").whole(),
    )
