"""Puts the present instant on every request, so that no view reads the clock."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from .clock import clock_of


class NowMiddleware:
    """Sets `request.now`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next step and the clock of this data folder."""
        self._get_response = get_response
        self._clock = clock_of(settings.ENVIRONMENT)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request with the instant set."""
        request.now = self._clock.now()  # type: ignore[attr-defined]
        return self._get_response(request)
