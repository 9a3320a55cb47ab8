"""Who dialled in without being registered, with few rows however often he tries. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .backlog import Sighting

# One address is written at most once in so many seconds; tries between are counted.
EVERY_SECONDS: Final = 60.0
ADDRESSES_MAX: Final = 10_000


@dataclass(slots=True)
class _Stranger:
    write_at: float
    peer: str
    first_at: datetime
    latest_at: datetime
    tries: int


class Quarantine:
    """Strangers of the last minute. More than `addresses_max` at once are refused without a row."""

    def __init__(self, *, every_seconds: float = EVERY_SECONDS, addresses_max: int = ADDRESSES_MAX) -> None:
        self._every_seconds = every_seconds
        self._addresses_max = addresses_max
        self._strangers: dict[str, _Stranger] = {}

    def note(self, address: str, peer: str, at: datetime, monotonic: float) -> None:
        """Count a try."""
        stranger = self._strangers.get(address)
        if stranger is not None:
            stranger.tries += 1
            stranger.peer, stranger.latest_at = peer, at
            if stranger.tries == 1:
                stranger.first_at = at
        elif len(self._strangers) < self._addresses_max:
            self._strangers[address] = _Stranger(monotonic, peer, at, at, 1)

    def due(self, monotonic: float) -> list[Sighting]:
        """Return what is to be written now; addresses that have been quiet since are forgotten."""
        sightings = []
        for address, stranger in list(self._strangers.items()):
            if stranger.write_at > monotonic:
                continue
            if stranger.tries:
                sightings.append(
                    Sighting(address, stranger.peer, stranger.first_at, stranger.latest_at, stranger.tries)
                )
                stranger.tries = 0
                stranger.write_at = monotonic + self._every_seconds
            else:
                del self._strangers[address]
        return sightings
