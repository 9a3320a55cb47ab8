"""What the head end is told when it starts: profiles of terminals, patience, limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from mingdu.errors import TradeError
from mingdu.wire.dtu import TerminalProfile

# Width of a terminal's address in the tables: 12 digits.
ADDRESS_BYTES_MAX: Final = 6
DEFAULT_ZONE: Final = ZoneInfo("Asia/Shanghai")


class BadSettings(TradeError):
    """The head end cannot work with what it was told."""

    next_step = "correct the terminal files under meters/"


@dataclass(frozen=True, slots=True)
class Settings:
    """
    Settings of one head end process. Times in seconds, fractions allowed.

    profiles         how terminals introduce themselves; asked in this order
    process          name of this process in the session rows; the same after a restart
    zone             whose midnights the freezes and curves follow
    wake_up_bytes    FE before each request
    request_seconds  patience with one request; `tries` of them make one attempt
    silence_seconds  a session that sends nothing for so long has ended
    login_seconds    a connection must have said who it is by then
    look_seconds     how often the table is searched for polls of idle terminals, and for urgent ones
    gather_seconds   how long changes are gathered before one commit, at most 0.02
    beat_seconds     how often heartbeats are written
    polls_a_look     how many polls of one terminal are kept in memory
    rows_a_commit    the largest batch of answers
    rows_waiting     answers that may wait for the database before reading from sockets stops
    logins_waiting   log-ins that may wait for one look into the table; more are turned away and dial again
    raises           BadSettings: no profile, or one whose address does not fit the tables
    """

    profiles: tuple[TerminalProfile, ...]
    process: str = "headend"
    zone: tzinfo = DEFAULT_ZONE
    wake_up_bytes: int = 4
    request_seconds: float = 5.0
    tries: int = 3
    silence_seconds: float = 180.0
    login_seconds: float = 30.0
    look_seconds: float = 1.0
    gather_seconds: float = 0.005
    beat_seconds: float = 5.0
    polls_a_look: int = 8
    rows_a_commit: int = 1000
    rows_waiting: int = 20_000
    logins_waiting: int = 10_000

    def __post_init__(self) -> None:
        if not self.profiles:
            raise BadSettings("no terminal profile: nobody could log in")
        for profile in self.profiles:
            if profile.address_bytes > ADDRESS_BYTES_MAX:
                raise BadSettings(
                    f"{profile.name}: an address of {profile.address_bytes} bytes, {ADDRESS_BYTES_MAX} fit",
                    profile=profile.name,
                )
