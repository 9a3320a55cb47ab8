"""The audit is only ever added to."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import IntegrityError, connection

from acting import staff
from mingdu.base import audit
from mingdu.base.actors import SYSTEM
from mingdu.base.models import AuditEntry
from mingdu.base.permissions import NotPermitted
from mingdu.base.queries import read_audit
from mingdu.base.roles import Role

pytestmark = pytest.mark.database


@pytest.fixture
def entry(module_database: str, now: datetime) -> AuditEntry:
    audit.record(SYSTEM, "lamp.light", "lamp:1", at=now, details={"hours": 3})
    return AuditEntry.objects.latest("pk")


def test_an_act_is_written_with_who_what_and_when(entry: AuditEntry, now: datetime) -> None:
    assert (entry.by, entry.verb, entry.target, entry.at) == ("system", "lamp.light", "lamp:1", now)
    assert entry.details == {"hours": 3}


def test_an_act_without_figures_has_no_details(module_database: str, now: datetime) -> None:
    audit.record(SYSTEM, "lamp.douse", "lamp:1", at=now)
    assert AuditEntry.objects.latest("pk").details == {}


@pytest.mark.parametrize(
    "statement",
    ["UPDATE base_auditentry SET by = 'nobody'", "DELETE FROM base_auditentry", "TRUNCATE base_auditentry"],
)
def test_the_database_refuses_to_change_the_audit(statement: str, entry: AuditEntry) -> None:
    before = AuditEntry.objects.count()
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="only added to"):
        cursor.execute(statement)
    entry.refresh_from_db()
    assert (entry.by, AuditEntry.objects.count()) == ("system", before)


def test_the_newest_acts_are_read_first_and_by_target(entry: AuditEntry, now: datetime) -> None:
    audit.record(SYSTEM, "lamp.light", "lamp:2", at=now)
    manager = staff(Role.MANAGER)
    assert [act.target for act in read_audit(manager, most=2)] == ["lamp:2", "lamp:1"]
    assert {act.target for act in read_audit(manager, target="lamp:1")} == {"lamp:1"}


def test_clerks_do_not_read_the_audit(module_database: str) -> None:
    with pytest.raises(NotPermitted):
        read_audit(staff(Role.CLERK))
