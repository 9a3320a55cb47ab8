"""`{{ span|span }}`: how long something took, in words."""

from __future__ import annotations

from datetime import timedelta

from django import template
from django.utils.translation import gettext as _

register = template.Library()

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@register.filter
def span(length: timedelta) -> str:
    """Say a span of time in its largest whole unit; from two days on in days."""
    if length >= 2 * DAY:
        return _("%(days)s d") % {"days": length // DAY}
    if length >= HOUR:
        return _("%(hours)s h") % {"hours": length // HOUR}
    return _("%(minutes)s min") % {"minutes": length // MINUTE}
