"""What the pure parts of the head end may ask of the outside: two clocks, and to be written soon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Edge:
    """
    The outside, by argument, so that tests run in virtual time.

    now         the instant, aware; may be demo time
    monotonic   seconds that never jump, for time-outs
    wake        something waits for the database
    """

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    wake: Callable[[], None]
