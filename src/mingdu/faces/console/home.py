"""The desks' first page: today's work of one's roles."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from mingdu.faces.identity import Asked

from .cards import cards_for
from .door import at_desk


@require_safe
def home(request: Asked) -> HttpResponse:
    """Show what waits for the colleague, the most urgent first."""
    by = at_desk(request)
    cards = cards_for(by, request.now)
    page = {
        "cards": cards,
        "name": by.name,
        "roles": [role.value for role in sorted(by.roles)],
        "is_empty": not any(card.count for card in cards),
        "late": sum(card.late for card in cards[-1:]),
    }
    return render(request, "faces/console/home.html", page)


urlpatterns = [path("", home, name="home")]
