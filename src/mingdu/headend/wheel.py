"""
Timing wheel: one structure for the time-outs of all sessions, instead of a timer each.

Time comes in by argument, so the wheel turns in virtual time as well.
"""

from __future__ import annotations

from collections.abc import Hashable
from math import ceil, floor
from typing import Final, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

TICK_SECONDS: Final = 0.05
SLOTS: Final = 1024


class Wheel(Generic[Key]):
    """
    Keys with the moment at which they fall due; nothing falls due early, nor more than one tick late.

    Setting a key later costs one dictionary write: it stays in its slot and moves on when the slot comes.
    """

    def __init__(self, now: float, *, tick_seconds: float = TICK_SECONDS, slots: int = SLOTS) -> None:
        self._tick_seconds = tick_seconds
        self._turned = floor(now / tick_seconds)
        self._slots: list[list[Key]] = [[] for _ in range(slots)]
        self._due: dict[Key, int] = {}
        self._placed: dict[Key, int] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._due

    def set(self, key: Key, due: float) -> None:
        """Let a key fall due at a moment [s]; an earlier setting no longer holds."""
        tick = max(ceil(due / self._tick_seconds), self._turned + 1)
        self._due[key] = tick
        if tick < self._placed.get(key, tick + 1):
            self._place(key, tick)

    def cancel(self, key: Key) -> None:
        """Let a key not fall due; one that is not set is no fault."""
        self._due.pop(key, None)

    def advance(self, now: float) -> list[Key]:
        """Turn to `now` [s] and return what fell due, earliest first."""
        fallen: list[Key] = []
        latest = floor(now / self._tick_seconds)
        while self._turned < latest:
            self._turned += 1
            fallen += self._open_slot(self._turned)
        return fallen

    def _open_slot(self, tick: int) -> list[Key]:
        at = tick % len(self._slots)
        keys, self._slots[at] = self._slots[at], []
        fallen = []
        for key in keys:
            if self._placed.get(key) != tick:
                continue  # It was set earlier afterwards and stands in another slot too.
            del self._placed[key]
            due = self._due.get(key)
            if due is None:
                continue
            if due <= tick:
                del self._due[key]
                fallen.append(key)
            else:
                self._place(key, due)
        return fallen

    def _place(self, key: Key, tick: int) -> None:
        """Put a key into a slot; one beyond the horizon waits in the last slot and is placed again there."""
        within = min(tick, self._turned + len(self._slots))
        self._placed[key] = within
        self._slots[within % len(self._slots)].append(key)
