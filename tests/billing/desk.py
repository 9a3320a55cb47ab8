"""What clerk and approver do in the tests of billing, and what the tests look at afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from acting import staff
from mingdu.base.roles import Role

MONTH = "2026-12"
CLERK = staff(Role.CLERK, number=11)
APPROVER = staff(Role.APPROVER, number=12)
CLERK_AND_APPROVER = staff(Role.CLERK, Role.APPROVER, number=13)


def rehearsed(now: datetime, book: str = "", *, by: Any = CLERK) -> int:
    """Rehearse December with the workers' part done; returns the run."""
    from mingdu.base import ledger
    from mingdu.billing.operations import rehearse

    run = rehearse(MONTH, book, by=by, at=now)
    progress = ledger.finish_run(run.ledger_run_id, now)
    assert progress.is_done, ledger.errors(run.ledger_run_id)
    return run.pk


def approved(now: datetime, book: str = "") -> int:
    """Rehearse and have another person approve."""
    from mingdu.billing.operations import approve_run

    run_id = rehearsed(now, book)
    approve_run(run_id, by=APPROVER, at=now)
    return run_id


def issue(run_id: int, now: datetime) -> list[str]:
    """Issue an approved run with the workers' part done; returns the errors of its buckets."""
    from mingdu.base import ledger
    from mingdu.billing.operations import issue_run

    issue_id = issue_run(run_id, by=CLERK, at=now)
    ledger.finish_run(issue_id, now)
    return ledger.errors(issue_id)


def issued(now: datetime, book: str = "") -> int:
    """Rehearse, approve and issue; returns the run."""
    run_id = approved(now, book)
    assert issue(run_id, now) == []
    return run_id


def rows_of_run(run_id: int) -> list[Any]:
    """Return the bills that a run wrote, issued or not."""
    from mingdu.base.database import reading_connection
    from mingdu.billing.rows import read_rows

    return read_rows(reading_connection(), "b.run_id = %s", (run_id,))


def held_checks(run_id: int) -> dict[str, dict[str, Any]]:
    """Return the checks that held each account of a run, by account number, with their figures."""
    from mingdu.billing.queries import held_accounts

    found: dict[str, dict[str, Any]] = {}
    for account, check, values in held_accounts(CLERK, run_id):
        found.setdefault(account, {})[check] = values
    return found


def fetch(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run one statement and return its rows."""
    from mingdu.base.database import cursor, reading_connection

    return cursor(reading_connection()).execute(statement, values).fetchall()


def ledger_sums() -> dict[int, int]:
    """Return the sum of entries of each journal; zero each, or the ledger is broken [fen]."""
    rows = fetch("SELECT journal_id, sum(amount_fen)::bigint FROM money_entry GROUP BY journal_id")
    return dict(rows)


def receivables() -> dict[int, int]:
    """Return what each account owes by the ledger [fen]."""
    rows = fetch(
        "SELECT account_id, sum(amount_fen)::bigint FROM money_entry WHERE account_id <> 0 GROUP BY 1"
    )
    return dict(rows)
