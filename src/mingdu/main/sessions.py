"""Browser sessions in the database, looked up by one plain statement: every page asks this."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from mingdu.base.database import cursor, reading_connection

_DATA = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s"


class SessionStore(DatabaseStore):
    """Django's own store, with its clock; only the look-up does without a model."""

    def load(self) -> dict[str, Any]:
        """Return what the session holds; one that is gone or over is empty and has no key any more."""
        row = cursor(reading_connection()).execute(_DATA, (self.session_key, timezone.now())).fetchone()
        if row is None:
            self._session_key = None
            return {}
        data: dict[str, Any] = self.decode(row[0])
        return data
