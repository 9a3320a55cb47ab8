"""Serves the files of the field app that must stand at its own addresses; all others are static files."""

from __future__ import annotations

from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from mingdu.errors import TradeError


class FieldAppNotBuilt(TradeError):
    """The field app was not built."""

    next_step = "run `make setup`"


@require_safe
def shell(request: HttpRequest) -> HttpResponse:
    """Answer the app's one page, at whichever of its addresses the reader opens it."""
    return _built("index.html", "text/html; charset=utf-8")


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """Answer the service worker; it stands at /f/, because a worker rules only over what lies below it."""
    return _built("sw.js", "text/javascript; charset=utf-8")


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """Answer what a phone needs to put the app on its first screen."""
    return _built("manifest.webmanifest", "application/manifest+json")


def _built(name: str, media_type: str) -> HttpResponse:
    found = finders.find(f"field/{name}")
    if found is None:
        raise FieldAppNotBuilt(f"{name} is not built", name=name)
    answer = HttpResponse(Path(str(found)).read_bytes(), content_type=media_type)
    # The worker brings new versions; a copy in between would hold back the one and keep the other.
    answer["Cache-Control"] = "no-cache"
    return answer
