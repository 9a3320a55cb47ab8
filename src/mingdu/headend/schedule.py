"""Polls in memory, by terminal and lane, and when a failed one is tried again. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from heapq import heappop, heappush
from typing import Final

RETRY_FIRST: Final = timedelta(minutes=5)
RETRY_MOST: Final = timedelta(hours=4)


class Lane(IntEnum):
    """Urgency of a poll, as stored in its row; the lower goes first. Lanes between are free for use."""

    CONTROL = 1
    FREEZE = 5
    CURVE = 7
    BACKFILL = 9


# Polls up to this lane are looked for even while a terminal still has others in memory.
URGENT_LANE: Final = 2


@dataclass(frozen=True, slots=True)
class Poll:
    """A row of the polling plan with the address of its meter."""

    poll_id: int
    terminal_id: int
    meter_address: str
    item: str
    day: date
    lane: int
    attempts: int
    not_before: datetime


def retry_at(now: datetime, attempts: int) -> datetime:
    """
    Say when a poll is tried again: 5 minutes after the first failure, then doubling up to 4 hours.

    attempts   attempts that had failed before this one
    """
    doubled = RETRY_FIRST * (1 << min(attempts, 16))
    return now + min(doubled, RETRY_MOST)


class Schedule:
    """The polls that each connected terminal has in memory, most urgent first, each once."""

    def __init__(self) -> None:
        self._waiting: dict[int, list[tuple[int, datetime, int, Poll]]] = {}
        self._known: set[int] = set()

    def put(self, polls: Iterable[Poll]) -> None:
        """Add polls taken from the table; one that is in memory already, asked or not, stays as it is."""
        for poll in polls:
            if poll.poll_id not in self._known:
                self._known.add(poll.poll_id)
                waiting = self._waiting.setdefault(poll.terminal_id, [])
                heappush(waiting, (poll.lane, poll.not_before, poll.poll_id, poll))

    def take(self, terminal_id: int) -> Poll | None:
        """Return the terminal's next poll; it stays known until `finish`."""
        waiting = self._waiting.get(terminal_id)
        return heappop(waiting)[-1] if waiting else None

    def finish(self, poll: Poll) -> None:
        """Forget a poll: its outcome is, or will be, in the table."""
        self._known.discard(poll.poll_id)

    def forget_terminal(self, terminal_id: int) -> None:
        """Forget what the terminal has not been asked; the table still knows it."""
        for *_, poll in self._waiting.pop(terminal_id, ()):
            self._known.discard(poll.poll_id)
