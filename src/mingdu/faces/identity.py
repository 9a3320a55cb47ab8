"""Who asks: from a bearer token, or from the signed-in session of a browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token

from mingdu.base.actors import Actor
from mingdu.base.identity import secret_hash
from mingdu.base.queries import actor_by_person_id, session_owner, token_owner
from mingdu.customers.queries import actor_of_customer
from mingdu.errors import TradeError

# A colleague's browser keeps the hash of his token: where the token ends, all his browsers are signed out.
TOKEN_KEY = "token"
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


def begin_session(request: HttpRequest, customer_id: int) -> None:
    """Sign a browser in as one customer, in a fresh session."""
    _begin(request, CUSTOMER_KEY, customer_id)


def begin_desk_session(request: HttpRequest, token: str) -> None:
    """Sign a browser in as the colleague whose token it is, in a fresh session that ends with the token."""
    _begin(request, TOKEN_KEY, secret_hash(token))


def end_session(request: HttpRequest) -> None:
    """Sign the browser out."""
    request.session.flush()


def _begin(request: HttpRequest, key: str, value: int | str) -> None:
    request.session.flush()
    request.session[key] = value
    rotate_token(request)


def _by_token(request: Asked) -> Actor | None:
    scheme, _, token = request.headers["Authorization"].partition(" ")
    if scheme.lower() != "bearer":
        return None
    return _actor(token_owner(token.strip(), now=request.now))


def _by_session(request: Asked) -> Actor | None:
    token_hash = request.session.get(TOKEN_KEY)
    if token_hash is not None:
        return _actor(session_owner(token_hash, now=request.now))
    number = request.session.get(CUSTOMER_KEY)
    return None if number is None else actor_of_customer(number)


def _actor(owner: tuple[str, int] | None) -> Actor | None:
    return _ACTORS[owner[0]](owner[1]) if owner else None
