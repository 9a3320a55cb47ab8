"""Addresses of the desks' pages: each area keeps its own list and stands here with one line."""

from __future__ import annotations

from django.urls import include, path

app_name = "console"
urlpatterns = [
    path("", include("mingdu.faces.console.home")),
    path("", include("mingdu.faces.console.signing")),
    path("tasks/", include("mingdu.faces.console.tasks")),
    path("readings/", include("mingdu.faces.console.readings.urls")),
    path("rules/", include("mingdu.faces.console.rules.urls")),
    path("runs/", include("mingdu.faces.console.runs")),
    path("", include("mingdu.faces.console.bills")),
    path("payments/", include("mingdu.faces.console.payments.urls")),
    path("", include("mingdu.faces.console.outbox")),
    path("cases/", include("mingdu.faces.console.cases.urls")),
    path("callbacks/", include("mingdu.faces.console.callbacks")),
    path("board/", include("mingdu.faces.console.board")),
    path("live/", include("mingdu.faces.console.live")),
    path("cycles/", include("mingdu.faces.console.cycles")),
    path("cycles/", include("mingdu.faces.console.rounds")),
    path("visits/", include("mingdu.faces.console.visits")),
    path("areas/", include("mingdu.faces.console.areas")),
    path("backups/", include("mingdu.faces.console.backups.urls")),
    path("imports/", include("mingdu.faces.console.imports.urls")),
    path("audit/", include("mingdu.faces.console.audit")),
    path("", include("mingdu.faces.console.people")),
]
