"""All issued bills of one account and when they were issued: what stood when, what replaced what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.permissions import require

from .models import Correction, Issue
from .queries import ISSUED, may_see, refused_bill
from .rows import BILL, REVERSAL, BillRow, read_rows


@dataclass(frozen=True)
class AccountBills:
    """
    The issued bills of an account, the oldest first.

    issued_at   by bill id; a reversal and a rebill are issued by their correction
    """

    rows: tuple[BillRow, ...]
    issued_at: dict[int, datetime]

    def of(self, bill_id: int) -> BillRow:
        """Return one of the bills."""
        return next(row for row in self.rows if row.id == bill_id)

    def standing(self, first_day: date, at: datetime | None = None) -> BillRow | None:
        """Return the bill of a month that stood at an instant, or with None that stands now."""
        known = [row for row in self.rows if at is None or self.issued_at[row.id] <= at]
        reversed_ids = {row.of_bill_id for row in known if row.kind == REVERSAL}
        standing = [row for row in known if row.kind != REVERSAL and row.id not in reversed_ids]
        return next((row for row in reversed(standing) if row.period_from == first_day), None)

    def replacement(self, bill_id: int) -> BillRow | None:
        """Return the bill that was made in the place of this one."""
        others = (row for row in self.rows if row.of_bill_id == bill_id and row.kind != REVERSAL)
        return next(others, None)


def bills_beside(by: Actor, bill_id: int, *, now: datetime) -> AccountBills:
    """
    Return a bill that the actor may see among all issued bills of its account.

    raises  UnknownBill, the same for a foreign bill, which leaves an audit row; NotPermitted
    Call it outside a transaction: one that the error rolls back would take the audit row along.
    """
    require(by, "billing.read")
    condition = f"b.account_id = (SELECT account_id FROM billing_bill WHERE id = %s LIMIT 1) AND {ISSUED}"
    rows = read_rows(reading_connection(), condition, (bill_id,))
    if all(row.id != bill_id for row in rows) or not may_see(by, "billing.read", rows[0].account_id):
        raise refused_bill(by, bill_id, "billing.read", now=now)
    return _with_issues(rows)


def bills_of(account_id: int) -> AccountBills:
    """Return all issued bills of an account; the account's door was asked before."""
    return _with_issues(read_rows(reading_connection(), f"b.account_id = %s AND {ISSUED}", (account_id,)))


def _with_issues(rows: list[BillRow]) -> AccountBills:
    runs = {row.run_id for row in rows}
    issues: dict[tuple[int, int], datetime] = {
        (run, bucket): at
        for run, bucket, at in Issue.objects.filter(run_id__in=runs).values_list("run_id", "bucket", "at")
    }
    corrected: dict[Any, datetime | None] = {}
    ids = [row.of_bill_id for row in rows if row.kind != BILL]
    found = Correction.objects.filter(bill_id__in=ids, approved_at__isnull=False)
    for reversal, rebill, at in found.values_list("reversal_id", "rebill_id", "approved_at"):
        corrected |= {reversal: at, rebill: at}
    issued_at = {
        row.id: issues[row.run_id, row.bucket] if row.kind == BILL else corrected[row.id] for row in rows
    }
    return AccountBills(tuple(rows), {number: at for number, at in issued_at.items() if at is not None})
