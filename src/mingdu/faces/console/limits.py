"""A time limit in words: how late, how soon, or when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from mingdu.faces.writing import local

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# From here on a limit is marked as near.
NEAR = timedelta(hours=8)


@dataclass(frozen=True)
class Limit:
    """What is said of a limit, with the tone of its mark."""

    words: str
    tone: str
    is_late: bool


def limit_words(due_at: datetime, now: datetime) -> Limit:
    """Say how far a limit is: missed ones first say by how much."""
    if due_at < now:
        return Limit(_late(now - due_at), "bad", is_late=True)
    if due_at - now < NEAR:
        hours = max(1, (due_at - now) // HOUR)
        return Limit(_("due in %(hours)s h") % {"hours": hours}, "warn", is_late=False)
    return Limit(_("due %(time)s") % {"time": f"{local(due_at):%m-%d %H:%M}"}, "plain", is_late=False)


def _late(gone: timedelta) -> str:
    if gone >= DAY:
        return _("overdue by %(days)s d") % {"days": gone // DAY}
    return _("overdue by %(hours)s h") % {"hours": max(1, gone // HOUR)}
