"""How far a cycle's round is (补抄进度): read, not reached, still to walk; in all and reader by reader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from mingdu.base.actors import Actor
from mingdu.base.permissions import require, scope
from mingdu.base.queries import names_of
from mingdu.core.types import Flags
from mingdu.work.many_tasks import people_given, task_outcomes

from .due import asked_mask, month_end, registers_read
from .models import ReadingCycle, RoundStop

VERB = "rounds.read_cycle"
# What came out of a stop that was read on the spot.
READ = "read"


@dataclass(frozen=True)
class ReaderProgress:
    """One reader's part of a round; `name` is empty for the stops that nobody was given."""

    name: str
    sent: int
    read: int


@dataclass(frozen=True)
class RoundProgress:
    """
    How far a cycle's round is.

    sent     stops in all
    read     of them have what was asked for, whichever way it came; where it was there, he has looked himself
    missed   were ended without it: no access, or not needed any more
    waiting  are still to be walked
    """

    run_id: int
    read_at: datetime
    sent: int
    read: int
    missed: int
    waiting: int
    readers: tuple[ReaderProgress, ...]


def round_progress(by: Actor, run_id: int) -> RoundProgress | None:
    """Return how far a cycle's round is, or None: no such cycle within the actor's units."""
    require(by, VERB)
    cycle = ReadingCycle.objects.filter(run_id=run_id).select_related("book").first()
    if cycle is None or not scope(by, VERB).covers_unit(cycle.book.unit_id):
        return None
    stops = list(RoundStop.objects.filter(cycle=cycle).order_by("place"))
    done = task_outcomes([stop.task_id for stop in stops])
    was_read = np.array([stop.was_read for stop in stops], dtype=bool)
    has_looked = np.array([done.get(stop.task_id) == READ for stop in stops], dtype=bool)
    is_read = np.where(was_read, has_looked, stops_read(stops, cycle))
    is_done = np.array([stop.task_id in done for stop in stops], dtype=bool)
    missed = int((is_done & ~is_read).sum())
    read = int(is_read.sum())
    return RoundProgress(
        run_id, month_end(cycle.month), len(stops), read, missed, len(stops) - read - missed,
        _by_reader(stops, is_read),
    )  # fmt: skip


def stops_read(stops: list[RoundStop], cycle: ReadingCycle) -> Flags:
    """Tell of each stop of a cycle whether every reading that it asks for is there, bool (stop,)."""
    if not stops:
        return np.zeros(0, dtype=bool)
    points = np.array([stop.usage_point_id for stop in stops], dtype=np.int64)
    asked = asked_mask([stop.registers for stop in stops])
    is_read: Flags = np.all(~asked | registers_read(points, cycle.month), axis=1)
    return is_read


def _by_reader(stops: list[RoundStop], is_read: Flags) -> tuple[ReaderProgress, ...]:
    given = people_given([stop.task_id for stop in stops])
    counts: dict[int, list[int]] = {}
    for stop, read in zip(stops, is_read.tolist(), strict=True):
        count = counts.setdefault(given.get(stop.task_id, 0), [0, 0])
        count[0] += 1
        count[1] += read
    names = names_of({f"person:{number}" for number in counts if number})
    return tuple(
        ReaderProgress(names.get(f"person:{number}", ""), *count) for number, count in counts.items()
    )
