"""Who asks: from a bearer token, or from the signed-in session of a browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token

from mingdu.base.actors import Actor
from mingdu.base.queries import actor_by_person_id, token_owner
from mingdu.customers.queries import actor_of_customer
from mingdu.errors import TradeError

PERSON_KEY = "person_id"
CUSTOMER_KEY = "customer_id"

_ACTORS: dict[str, Callable[[int], Actor | None]] = {
    "person": actor_by_person_id,
    "customer": actor_of_customer,
}


class NotSignedIn(TradeError):
    """Nobody is signed in, or the session is over."""

    next_step = "sign in, and send the token as 'Authorization: Bearer …'"


class Asked(HttpRequest):
    """A request as views get it: when it came, and who sent it (None: nobody is signed in)."""

    now: datetime
    actor: Actor | None


class ActorMiddleware:
    """Sets `request.actor`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next step."""
        self._get_response = get_response

    def __call__(self, request: Asked) -> HttpResponse:
        """Answer the request with its actor set; a token, even a bad one, decides before the session."""
        request.actor = _by_token(request) if has_token(request) else _by_session(request)
        return self._get_response(request)


def signed_in(request: HttpRequest) -> Actor:
    """Return who asks; raises NotSignedIn."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        raise NotSignedIn("nobody is signed in")
    return actor


def has_token(request: HttpRequest) -> bool:
    """Tell whether the request carries a token instead of a browser's session."""
    return "Authorization" in request.headers


def address_of(request: HttpRequest) -> str:
    """Return the network address that the request comes from."""
    return str(request.META.get("REMOTE_ADDR", ""))


def begin_session(request: HttpRequest, key: str, number: int) -> None:
    """Sign a browser in as one person (PERSON_KEY) or customer (CUSTOMER_KEY), in a fresh session."""
    request.session.flush()
    request.session[key] = number
    rotate_token(request)


def end_session(request: HttpRequest) -> None:
    """Sign the browser out."""
    request.session.flush()


def _by_token(request: Asked) -> Actor | None:
    scheme, _, token = request.headers["Authorization"].partition(" ")
    if scheme.lower() != "bearer":
        return None
    owner = token_owner(token.strip(), now=request.now)
    return _ACTORS[owner[0]](owner[1]) if owner else None


def _by_session(request: Asked) -> Actor | None:
    for key, kind in ((PERSON_KEY, "person"), (CUSTOMER_KEY, "customer")):
        number = request.session.get(key)
        if number is not None:
            return _ACTORS[kind](number)
    return None
