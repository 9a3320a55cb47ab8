"""What was sent to whom with its proof, and the events that failed too often, with one more try."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mingdu.base.actors import Actor
from mingdu.base.queries import names_of
from mingdu.base.retries import retry_bucket, retry_event, stuck_buckets
from mingdu.base.sheets import sheet_of
from mingdu.base.stuck_events import stuck_events
from mingdu.customers.queries import names_of_customers
from mingdu.faces.identity import Asked
from mingdu.notices.queries import MOST_ROWS, MessageView, sent_messages

from .door import at_desk, may
from .refusals import is_done


@require_safe
def outbox(request: Asked) -> HttpResponse:
    """List the newest messages to anybody, one-time codes included, with the proof of their delivery."""
    by = at_desk(request)
    sheet = sheet_of(request, sent_messages(by, most=MOST_ROWS))
    page = {
        "sheet": sheet,
        "rows": list(zip(sheet.rows, _recipients(by, sheet.rows), strict=True)),
        "stuck": stuck_events(by).count() if may(by, "base.read_outbox") else 0,
    }
    return render(request, "faces/console/outbox/messages.html", page)


def _recipients(by: Actor, messages: Sequence[MessageView]) -> list[str]:
    """Name whom each message went to; somebody who is gone keeps his code."""
    codes = {message.recipient for message in messages}
    numbers = {int(code.partition(":")[2]) for code in codes if code.startswith("customer:")}
    customers = names_of_customers(by, numbers)
    names = names_of(codes) | {f"customer:{number}": name for number, name in customers.items()}
    return [names.get(message.recipient, message.recipient) for message in messages]


@require_safe
def events(request: Asked) -> HttpResponse:
    """List events and parts of runs that are no longer tried by themselves, with their error."""
    by = at_desk(request)
    sheet = sheet_of(request, stuck_events(by))
    may_retry = may(by, "base.retry")
    page = {"sheet": sheet, "may_retry": may_retry, "buckets": stuck_buckets(by) if may_retry else []}
    return render(request, "faces/console/outbox/events.html", page)


@require_POST
def retry(request: Asked, event_id: int) -> HttpResponse:
    """Let an event be delivered again."""
    by = at_desk(request)
    act = partial(retry_event, event_id, by=by, at=request.now)
    is_done(request, act, _("It is tried again now, with all its tries."))
    return redirect("console:events")


@require_POST
def retry_part(request: Asked, bucket_id: int) -> HttpResponse:
    """Let a part of a run be worked on again."""
    by = at_desk(request)
    act = partial(retry_bucket, bucket_id, by=by, at=request.now)
    is_done(request, act, _("It is tried again now, with all its tries."))
    return redirect("console:events")


urlpatterns = [
    path("outbox/", outbox, name="outbox"),
    path("events/", events, name="events"),
    path("events/<int:event_id>/retry/", retry, name="retry_event"),
    path("events/parts/<int:bucket_id>/retry/", retry_part, name="retry_bucket"),
]
