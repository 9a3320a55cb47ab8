"""Towns for the tests of billing: one a module for tests that only bill, a fresh one where they change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from small_town import SmallTown, build_small_town

POINTS = 50
# What a bill run leaves behind in the months that the tests write; nobody may remove the first three.
KEPT = ("billing_bill_202612", "money_entry_202701", "money_journal")
LEFT = (
    *KEPT, "billing_billrun", "billing_billrunapproval", "billing_issue", "billing_heldaccount",
    "billing_correction", "base_run", "base_runbucket", "base_outboxevent",
)  # fmt: skip


@pytest.fixture(scope="module")
def built_town(module_database: str) -> SmallTown:
    """Fifty points with all registers of December."""
    return build_small_town(POINTS, at=datetime(2027, 1, 4, 1, 0, tzinfo=UTC))


@pytest.fixture
def town(built_town: SmallTown) -> SmallTown:
    """The module's town without a bill run; tests that change readings or agreements take a fresh one."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        for table in KEPT:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(f"TRUNCATE {', '.join(LEFT)}")
        for table in KEPT:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    return built_town


@pytest.fixture
def fresh_town(database: str, now: datetime) -> SmallTown:
    """The same in a database of the test's own."""
    return build_small_town(POINTS, at=now)
