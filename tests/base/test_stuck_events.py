"""Events that failed too often are listed for administrators, the oldest first."""

from __future__ import annotations

from datetime import datetime

import pytest

from acting import staff
from mingdu.base.models import OutboxEvent
from mingdu.base.outbox import MOST_ATTEMPTS
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.base.stuck_events import stuck_events

pytestmark = pytest.mark.database


def test_lists_only_what_is_no_longer_tried(database: str, now: datetime) -> None:
    def event(attempts: int, done_at: datetime | None = None) -> int:
        row = OutboxEvent.objects.create(
            event="E", consumer="c", payload={}, created_at=now, available_at=now, attempts=attempts,
            done_at=done_at,
        )  # fmt: skip
        return int(row.pk)

    first, second = event(MOST_ATTEMPTS), event(MOST_ATTEMPTS + 1)
    event(MOST_ATTEMPTS - 1)
    event(MOST_ATTEMPTS, now)
    assert [row.pk for row in stuck_events(staff(Role.ADMINISTRATOR))] == [first, second]
    with pytest.raises(NotPermitted):
        stuck_events(staff(Role.MANAGER))
