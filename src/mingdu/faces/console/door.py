"""The door of the desks: staff only; what a colleague may do; whether a part or a whole page is asked for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from mingdu.base.actors import Actor
from mingdu.base.permissions import require, scope
from mingdu.faces.identity import signed_in


def at_desk(request: HttpRequest) -> Actor:
    """Return the colleague who asks; raises NotSignedIn, and NotPermitted for a customer."""
    by = signed_in(request)
    require(by, "work.read_tasks")
    return by


def may(by: Actor, verb: str) -> bool:
    """Tell whether the actor may do a verb anywhere, to show the button that does it."""
    seen = scope(by, verb)
    return seen.unit_ids is None or bool(seen.unit_ids)


def not_kept(answer: HttpResponse) -> HttpResponse:
    """Let no browser keep a page: it shows a secret, or what is true only now."""
    answer["Cache-Control"] = "no-store"
    return answer


def is_part(request: HttpRequest) -> bool:
    """Tell whether the page's script asks for a part of a page, such as the drawer."""
    return request.headers.get("HX-Request") == "true"
