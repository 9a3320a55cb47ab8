"""What a bill asks for is read from the rules."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from mingdu.rulebook.billing_terms import BillingTerms, billing_terms
from mingdu.rulebook.document import BadDocument


def folder_with(tmp_path: Path, text: str) -> Path:
    (tmp_path / "billing").mkdir()
    (tmp_path / "billing" / "terms.yaml").write_text(text)
    return tmp_path


def test_reads_the_days_of_the_rules() -> None:
    assert billing_terms() == BillingTerms(days_to_pay=15)


def test_a_bill_is_due_so_many_days_after_its_issue() -> None:
    assert BillingTerms(days_to_pay=15).due_day(date(2027, 1, 4)) == date(2027, 1, 19)


@pytest.mark.parametrize(
    "text",
    [
        "schema: mingdu/billing-checks/1\ndays_to_pay: 15", "schema: mingdu/billing-terms/1",
        "schema: mingdu/billing-terms/1\ndays_to_pay: '15.5'",
    ],
)  # fmt: skip
def test_refuses_a_file_of_another_form(text: str, tmp_path: Path) -> None:
    with pytest.raises(BadDocument):
        billing_terms(folder_with(tmp_path, text))
