"""The map of all addresses."""

from __future__ import annotations

from django.urls import include, path

from .health import health, metrics

urlpatterns = [
    path("health", health),
    path("metrics", metrics),
    path("gateway/", include(("mingdu.main.gateway", "gateway"))),
    path("", include("mingdu.faces.urls")),
]
