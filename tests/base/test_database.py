"""Mass work and models share one connection and one transaction."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import SYSTEM
from mingdu.base.database import NoTransaction, cursor, reading_connection, transaction_connection
from mingdu.base.models import AuditEntry

pytestmark = pytest.mark.database


def test_refuses_mass_work_outside_a_transaction(module_database: str) -> None:
    with pytest.raises(NoTransaction):
        transaction_connection()


def test_mass_work_sees_what_models_wrote_and_goes_with_them(module_database: str, now: datetime) -> None:
    with transaction.atomic():
        audit.record(SYSTEM, "lamp.light", "lamp:1", at=now)
        found = cursor(transaction_connection()).execute("SELECT target FROM base_auditentry").fetchall()
        transaction.set_rollback(True)
    assert found == [("lamp:1",)]
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("binary", [False, True])
def test_reads_by_text_and_by_binary(binary: bool, module_database: str) -> None:
    rows = cursor(reading_connection(), binary=binary).execute("SELECT %s::bigint * 2", (21,)).fetchall()
    assert rows == [(42,)]
