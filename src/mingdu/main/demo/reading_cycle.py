"""The reading cycles of the demo's month: the staff take each book from prepare to check, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

from mingdu.main.environment import Environment
from mingdu.town.model import Town

from .caller import sign_in
from .load import SOCKET_DAYS
from .month_end import (
    COLLECT_SECONDS,
    PERIOD,
    RUN_SECONDS,
    are_online,
    is_closed,
    is_collected,
    issued_run,
)
from .waiting import until

Tell = Callable[[str], None]


class Person(Protocol):
    """One of the staff, signed in: a `Caller`, or a test's own."""

    def get(self, path: str, **query: str) -> Any:
        """Return the JSON answer."""

    def post(self, path: str, body: Any = None) -> Any:
        """Return the JSON answer."""


def read_month(environment: Environment, running: Any, tell: Tell) -> None:
    """
    Take every book's cycle from prepare to check as the month's last readings come in; once a data folder.

    The steps wait for what they stand for: read for the terminals' answers, enter for the ingest, check for
    the close of the last days.
    """
    clerk = sign_in(running.url, "clerk", running.passwords["clerk"])
    engineer = sign_in(running.url, "engineer", running.passwords["engineer"])
    if issued_run(clerk) is not None:
        return
    town = Town(environment.town_seed, environment.town_points)
    days = [town.span.last_day - timedelta(days=before) for before in range(SOCKET_DAYS)]
    runs = start_cycles(engineer, PERIOD)
    finish(clerk, runs, "prepare")
    tell(f"reading cycles of {PERIOD}: {len(runs)} books prepared; waiting for the readings over the socket")
    until(partial(are_online, engineer), "the terminals", seconds=COLLECT_SECONDS)
    for day in days:
        until(partial(is_collected, engineer, f"{day}"), f"the readings of {day}", seconds=COLLECT_SECONDS)
    finish(engineer, runs, "read")
    until(lambda: engineer.get("terminals")["frames_waiting"] == 0, "the ingest", seconds=COLLECT_SECONDS)
    finish(engineer, runs, "enter")
    # Home 42's gap begins the day before, which is closed already: the close finds the gap's two registers
    # and lets that day follow.
    engineer.post("days/close", {"from": f"{days[-1]}", "to": f"{days[0]}"})
    until(lambda: is_closed(engineer, f"{days[0]}"), "the close of the last days", seconds=RUN_SECONDS)
    finish(clerk, runs, "check")
    tell(f"reading cycles of {PERIOD}: read, entered and checked")


def start_cycles(engineer: Person, period: str) -> list[int]:
    """Start the cycle of every book with points, or find the one that was started; returns the runs."""
    return [
        engineer.post("reading-cycles", {"book": book["book"], "period": period})["id"]
        for book in engineer.get("books")
        if book["points"]
    ]


def finish(person: Person, runs: list[int], step: str) -> None:
    """Finish a step of each run where it is open."""
    for run in runs:
        steps = person.get(f"processes/{run}")
        if any(each["step"] == step and each["finished_at"] is None for each in steps):
            person.post(f"processes/{run}/steps/{step}/finish", {"outcome": "done"})
