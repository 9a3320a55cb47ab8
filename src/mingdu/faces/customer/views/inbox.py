"""The inbox: messages with what was not read yet."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from mingdu.faces.customer.pages import is_read, show
from mingdu.faces.identity import Asked, signed_in
from mingdu.notices.operations import mark_read
from mingdu.notices.queries import inbox


@require_safe
def messages(request: Asked) -> HttpResponse:
    """List a customer's messages, the newest first."""
    rows = [(message, is_read(message)) for message in inbox(signed_in(request))]
    return show(request, "inbox", "", {"rows": rows})


@require_POST
def read_message(request: Asked, message_id: int) -> HttpResponse:
    """Keep that a message was read."""
    mark_read(message_id, by=signed_in(request), at=request.now)
    return redirect("customer:inbox")
