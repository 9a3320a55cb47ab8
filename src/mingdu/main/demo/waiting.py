"""Waiting for something that another process does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from mingdu.main.environment import DependencyDown

Found = TypeVar("Found")
LOOK_EVERY_SECONDS = 0.3


class WaitedInVain(DependencyDown):
    """What another process should have done did not happen in time."""

    next_step = "read the logs in the data folder under logs/"


def until(look: Callable[[], Found], what: str, *, seconds: float) -> Found:
    """Return the first true answer of `look`; raises WaitedInVain."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise WaitedInVain(f"{what} did not come in {seconds:g} s", what=what, seconds=seconds)
        time.sleep(LOOK_EVERY_SECONDS)
