"""What billing tells the subjects above it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BillsIssued:
    """A bucket of a run was issued: its bills are owed from now on."""

    run_id: int
    bucket: int
    period_from: str
    bills: int
    total_fen: int


@dataclass(frozen=True)
class CorrectionProposed:
    """A corrected reading changes a bill; another person has to approve."""

    correction_id: int
    account_id: int
    case_id: int | None
    difference_fen: int


@dataclass(frozen=True)
class BillCorrected:
    """A bill was reversed and billed again."""

    correction_id: int
    account_id: int
    case_id: int | None
    bill_id: int
    rebill_id: int
    old_fen: int
    new_fen: int
