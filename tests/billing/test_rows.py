"""What the database itself refuses: an edited bill, a total that is not the sum of its lines."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from psycopg.errors import CheckViolation

from billing.desk import rehearsed, rows_of_run
from small_town import SmallTown

pytestmark = pytest.mark.database


def refused(statement: str) -> str:
    """Run a statement that must fail; returns what the database said."""
    from django.db import DatabaseError, connection, transaction

    with pytest.raises(DatabaseError) as failure, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return str(failure.value)


@pytest.mark.parametrize("table", ["billing_bill", "billing_bill_202612"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET total_fen = 0, amounts_fen = '{{0}}'", "DELETE FROM {}", "TRUNCATE {}"]
)
def test_refuses_to_edit_bills(town: SmallTown, now: datetime, table: str, statement: str) -> None:
    run_id = rehearsed(now)
    before = rows_of_run(run_id)
    assert "never edited" in refused(statement.format(table))
    assert rows_of_run(run_id) == before


@pytest.mark.parametrize("statement", ["UPDATE {} SET content = '{{}}'", "DELETE FROM {}", "TRUNCATE {}"])
def test_refuses_to_edit_the_rules_of_bills(town: SmallTown, now: datetime, statement: str) -> None:
    rehearsed(now)
    assert "never edited" in refused(statement.format("billing_rules"))


@pytest.mark.parametrize(
    "change",
    [
        {"total_fen": 1},
        {"line_ids": ("tier.1",)},
        {"amounts_fen": (10**9, -(10**9), 1)},
    ],
    ids=["total", "fewer names than amounts", "lines"],
)
def test_refuses_a_total_that_is_not_the_sum_of_its_lines(
    town: SmallTown, now: datetime, change: dict[str, Any]
) -> None:
    from django.db import transaction

    from mingdu.base.database import transaction_connection
    from mingdu.billing.rows import insert_row, reserve_ids

    bill = next(row for row in rows_of_run(rehearsed(now)) if len(row.line_ids) == 3)
    with pytest.raises(CheckViolation, match="not the sum of its lines"), transaction.atomic():
        conn = transaction_connection()
        insert_row(conn, replace(bill, id=int(reserve_ids(conn, 1)[0]), **change))


def test_refuses_a_reversal_of_nothing(town: SmallTown, now: datetime) -> None:
    from django.db import transaction

    from mingdu.base.database import transaction_connection
    from mingdu.billing.rows import insert_row

    bill = rows_of_run(rehearsed(now))[0]
    with pytest.raises(CheckViolation, match="check constraint"), transaction.atomic():
        insert_row(transaction_connection(), replace(bill.reversed(10**9), of_bill_id=0))
