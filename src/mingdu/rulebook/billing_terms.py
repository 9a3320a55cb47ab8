"""Reads rules/billing/terms.yaml (缴费期限)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from .document import read_yaml_file
from .folders import find_rules_folder

SCHEMA = "mingdu/billing-terms/1"


@dataclass(frozen=True)
class BillingTerms:
    """What a bill asks for."""

    days_to_pay: int

    def due_day(self, issued_on: date) -> date:
        """Return the latest day on which a bill issued on this day is paid in time."""
        return issued_on + timedelta(days=self.days_to_pay)


@cache
def billing_terms(folder: Path | None = None) -> BillingTerms:
    """Return the terms; raises BadDocument."""
    document = read_yaml_file(find_rules_folder(folder) / "billing" / "terms.yaml")
    document.at("schema").choice([SCHEMA])
    return BillingTerms(days_to_pay=document.at("days_to_pay").whole())
