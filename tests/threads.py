"""Acts that several threads begin at the same moment, each on a database connection of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

Result = TypeVar("Result")


def at_once(acts: Sequence[Callable[[], Result]]) -> list[Result | BaseException]:
    """Run the acts together; returns for each what it returned or what it raised, in their order."""
    from django.db import connection

    start = Barrier(len(acts))

    def run(act: Callable[[], Result]) -> Result:
        try:
            start.wait(timeout=30)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        outcomes = [threads.submit(run, act) for act in acts]
        return [outcome.exception() or outcome.result() for outcome in outcomes]


def only(outcomes: Sequence[object], kind: type[BaseException]) -> list[object]:
    """Return the outcomes that are not failures of this kind."""
    return [outcome for outcome in outcomes if not isinstance(outcome, kind)]
