"""The API's door: every route but the sign-in knows who asks before it runs."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.security import HttpBearer
from ninja.utils import check_csrf

from mingdu.base.actors import Actor
from mingdu.errors import TradeError
from mingdu.faces.identity import Asked, has_token, signed_in


class ForgedRequest(TradeError):
    """A browser's session came without the page's own proof (CSRF)."""

    next_step = "send the csrftoken cookie's value as X-CSRFToken, or sign in with a token"


class Request(Asked):
    """A request that passed the door."""

    auth: Actor


class Door(HttpBearer):
    """Takes a bearer token, or a browser's session together with its CSRF proof."""

    def __call__(self, request: HttpRequest) -> Actor:
        """Return who asks; raises NotSignedIn, ForgedRequest."""
        actor = signed_in(request)
        if not has_token(request) and check_csrf(request) is not None:
            raise ForgedRequest("the request does not come from a page of ours")
        return actor

    def authenticate(self, request: HttpRequest, token: str) -> Actor:
        """Return who asks; the middleware has looked the token up."""
        return signed_in(request)
