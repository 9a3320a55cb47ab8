"""What staff see of a bill besides its document: versions of its readings, hashes, issue, corrections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mingdu.base import ledger
from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.permissions import require
from mingdu.core.registers import Register

from .models import BillRun, Issue
from .queries import ISSUED, CorrectionView, UnknownBill, corrections_of_bill, may_see
from .rows import BILL, BillRow, read_rows


@dataclass(frozen=True)
class BillFacts:
    """
    How an issued bill came to be.

    versions     (register, version of its start reading, version of its end reading)
    inputs_hash  of the inputs of the bill's bucket, as they were rehearsed; empty for reversal and rebill
    journal_id   of the issue; None for reversal and rebill, which their correction issues
    corrections  proposed or carried out
    """

    run_id: int
    bucket: int
    usage_point_id: int
    rules_hash: str
    inputs_hash: str
    versions: tuple[tuple[str, int, int], ...]
    journal_id: int | None
    issued_by: str
    issued_at: datetime | None
    corrections: tuple[CorrectionView, ...]


def bill_facts(by: Actor, bill_id: int) -> BillFacts:
    """Return the facts of an issued bill; raises UnknownBill, for a foreign one as for none."""
    require(by, "billing.read")
    rows = read_rows(reading_connection(), f"b.id = %s AND {ISSUED}", (bill_id,))
    if not rows or not may_see(by, "billing.read", rows[0].account_id):
        raise UnknownBill(f"no bill {bill_id}", bill=bill_id)
    row = rows[0]
    issue = Issue.objects.filter(run_id=row.run_id, bucket=row.bucket).first() if row.kind == BILL else None
    registers = (Register(number).name for number in row.registers)
    return BillFacts(
        row.run_id, row.bucket, row.usage_point_id, row.rules_hash, _inputs_hash(row) if issue else "",
        tuple(zip(registers, row.from_versions, row.to_versions, strict=True)),
        issue.journal_id if issue else None, issue.by if issue else "", issue.at if issue else None,
        tuple(corrections_of_bill(bill_id)),
    )  # fmt: skip


def _inputs_hash(row: BillRow) -> str:
    run = BillRun.objects.get(pk=row.run_id)
    place = ledger.bucket_numbers(run.ledger_run_id).index(row.bucket)
    return str(ledger.results(run.ledger_run_id)[place]["inputs_hash"])
