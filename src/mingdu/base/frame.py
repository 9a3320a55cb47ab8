"""What the frame of every page needs: the menu, the person's unit, the size of print."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from .actors import Actor
from .menu import menu_for
from .models import OrgUnit

LARGE_PRINT_COOKIE = "large_print"


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the frame's part of a template's context; nothing is read before a template asks for it."""
    actor: Actor | None = getattr(request, "actor", None)
    large_print = {"large_print": request.COOKIES.get(LARGE_PRINT_COOKIE) == "1"}
    if actor is None or actor.is_customer:
        return large_print
    return large_print | {
        "frame_menu": lambda: menu_for(actor, request.path),
        "frame_unit": lambda: unit_name(actor),
    }


def unit_name(actor: Actor) -> str:
    """Return the name of the highest organisation unit that the actor works for."""
    if any(grant.unit_ids is None for grant in actor.grants):
        top = Q(parent=None)
    else:
        units = frozenset().union(*(grant.unit_ids or () for grant in actor.grants))
        top = Q(pk__in=units) & ~Q(parent_id__in=units)
    return OrgUnit.objects.filter(top).order_by("pk").values_list("name", flat=True).first() or ""
