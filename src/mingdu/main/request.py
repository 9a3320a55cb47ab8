"""What is done to every request: it gets the present instant, and its cookies the safety of its way."""

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


class SecureCookiesMiddleware:
    """
    Gives every cookie back over HTTPS alone where the page itself came over HTTPS.

    So it is with `mingdu serve --tls` and behind a proxy on this machine that ends HTTPS, while plain HTTP on
    loopback still signs in.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next step."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        answer = self._get_response(request)
        if request.is_secure():
            for cookie in answer.cookies.values():
                cookie["secure"] = True
        return answer
