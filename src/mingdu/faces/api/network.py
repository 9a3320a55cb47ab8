"""The network that reads: terminals, quarantine, how far a day's collection is."""

from __future__ import annotations

from datetime import date

from ninja import Router, Schema

from mingdu.faces.writing import Instant
from mingdu.metering.queries.network import (
    collection_of,
    frames_stored,
    frames_waiting,
    quarantine,
    terminals,
)

from .door import Request
from .fields import Day

router = Router(tags=["metering"])


class TerminalAnswer(Schema):
    """A terminal and its latest session."""

    terminal: str
    online: bool
    connected_at: Instant | None
    heartbeat_at: Instant | None


class StrangerAnswer(Schema):
    """A terminal that dialled in without being registered; it is never adopted by itself."""

    terminal: str
    peer: str
    first_at: Instant
    latest_at: Instant
    tries: int


class NetworkAnswer(Schema):
    """All terminals, the quarantine, and how many answers stand in the inbox, read or not."""

    terminals: list[TerminalAnswer]
    quarantine: list[StrangerAnswer]
    frames: int
    frames_waiting: int


class CollectionAnswer(Schema):
    """One day's collection, in usage points and polls."""

    day: date
    expected: int
    stored: int
    answered: int
    waiting_online: int
    waiting_offline: int
    given_up: int
    is_closed: bool


@router.get("/terminals", response=NetworkAnswer)
def network(request: Request) -> NetworkAnswer:
    """List terminals with their sessions, and the quarantine."""
    return NetworkAnswer(
        terminals=[
            TerminalAnswer(
                terminal=state.terminal, online=state.is_online, connected_at=state.connected_at,
                heartbeat_at=state.heartbeat_at,
            )
            for state in terminals(request.auth)
        ],
        quarantine=[StrangerAnswer(**vars(stranger)) for stranger in quarantine(request.auth)],
        frames=frames_stored(request.auth),
        frames_waiting=frames_waiting(request.auth),
    )  # fmt: skip


@router.get("/collection", response=CollectionAnswer)
def collection(request: Request, day: Day) -> CollectionAnswer:
    """Show how far the collection of a day is."""
    return CollectionAnswer(**vars(collection_of(request.auth, day)))
