"""What the head end has done since it started, for /metrics and the log."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counters:
    """
    A snapshot; all but the first three only rise.

    sessions      terminals logged in now
    waiting       answers that wait for the database now
    database_up   False while the database is lost
    frames        whole meter frames received, echoes included
    stored        answers and pushed frames that were committed
    bad_frames    stretches of bytes that were no frame: wrong checksum, cut, garbage
    retries       requests sent again after a time-out
    quarantined   log-ins refused because the terminal is not registered
    replaced      sessions that ended because the terminal dialled in anew
    given_up      polls that will not be asked again
    """

    sessions: int
    waiting: int
    database_up: bool
    frames: int
    stored: int
    bad_frames: int
    retries: int
    quarantined: int
    replaced: int
    given_up: int


@dataclass(slots=True)
class Tally:
    """The running numbers behind `Counters`."""

    frames: int = 0
    stored: int = 0
    bad_frames: int = 0
    retries: int = 0
    quarantined: int = 0
    replaced: int = 0
    given_up: int = 0

    def snapshot(self, *, sessions: int, waiting: int, database_up: bool) -> Counters:
        """Return the numbers as they are now."""
        return Counters(
            sessions=sessions,
            waiting=waiting,
            database_up=database_up,
            frames=self.frames,
            stored=self.stored,
            bad_frames=self.bad_frames,
            retries=self.retries,
            quarantined=self.quarantined,
            replaced=self.replaced,
            given_up=self.given_up,
        )
