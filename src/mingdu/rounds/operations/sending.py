"""Sending a cycle's round to the readers (抄表派工); stops whose readings came by themselves are ended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.permissions import require, scope
from mingdu.errors import TradeError
from mingdu.metering.queries.facts import PointFacts, point_codes, point_facts
from mingdu.rounds.due import month_end
from mingdu.rounds.models import Book, BookReader, ReadingCycle, RoundStop
from mingdu.rounds.round_plan import PlannedStop, RoundChoice, book_readers, planned
from mingdu.rounds.round_progress import stops_read
from mingdu.rounds.stop_kinds import ROUND_READING
from mingdu.work.many_tasks import HandedOrder, end_together, open_together, refuse_unfit
from mingdu.work.operations import TaskOrder
from mingdu.work.processes import Done
from mingdu.work.queries import process_steps
from mingdu.work.task_lists import TaskFilter, tasks_listed

# The step of the cycle in which readers are sent.
READ_STEP = "read"
READER = "reader"
# What came out of a stop whose readings arrived before the reader did.
ARRIVED = "arrived"
BATCH_ROWS = 5_000


class UnknownCycle(TradeError):
    """There is no such reading cycle within the actor's units."""

    next_step = "look at the list of reading cycles"


class NotBeingRead(TradeError):
    """Readers are sent while the reading step of the cycle is open, and it is not."""

    next_step = "finish the step before it; what is missing after it is read again by a re-read"


class MonthNotOver(TradeError):
    """The freeze that the cycle reads has not come yet."""

    next_step = "send the readers when the month is over"


@transaction.atomic
def send_round(run_id: int, choice: RoundChoice, *, by: Actor, at: datetime) -> int:
    """
    Send readers to the points of a cycle that lack a reading, or to all; who was sent before stays sent.

    returns  how many stops are new
    raises   UnknownCycle, NotBeingRead, MonthNotOver, UnknownPerson, PersonWithoutRole, NotPermitted
    """
    require(by, "rounds.send_round")
    cycle = _locked(run_id, by)
    _refuse_unready(cycle, at)
    _end_arrived(RoundStop.objects.filter(cycle=cycle), at)
    are_other_readers = _keep_readers(cycle.book, choice.reader_ids)
    stops = planned(cycle, choice).stops
    facts = _facts(stops)
    handed = [_handed(cycle, stop, facts[stop.usage_point_id]) for stop in stops]
    numbers = open_together(handed, by=by, at=at)
    RoundStop.objects.bulk_create(
        [
            RoundStop(
                cycle=cycle, usage_point_id=stop.usage_point_id, task_id=task_id, place=stop.place,
                registers=[int(register) for register in stop.registers], was_read=not stop.lacks,
                sent_by=by.id, sent_at=at,
            )
            for stop, task_id in zip(stops, numbers, strict=True)
        ],
        BATCH_ROWS,
    )  # fmt: skip
    if stops or are_other_readers:
        details = {"stops": len(stops), "is_by_hand": choice.is_by_hand, "readers": list(choice.reader_ids)}
        audit.record(by, "rounds.send_round", f"process:{run_id}", at=at, details=details)
    return len(stops)


@transaction.atomic
def refresh_round(run_id: int, *, by: Actor, at: datetime) -> int:
    """
    End the stops of a cycle whose readings have arrived meanwhile.

    returns  how many were ended now
    raises   UnknownCycle, NotPermitted
    """
    require(by, "rounds.send_round")
    return _end_arrived(RoundStop.objects.filter(cycle=_locked(run_id, by)), at)


def end_step(done: Done) -> None:
    """End the stops whose readings are there when the reading step is finished; a part of the step."""
    _end_arrived(RoundStop.objects.filter(cycle__run_id=done.run_id), done.at)


def end_own_arrived(*, by: Actor, at: datetime) -> int:
    """End those stops on a reader's route whose readings have arrived; raises NotPermitted."""
    require(by, "rounds.sync")
    waiting = [task.pk for task in tasks_listed(by, TaskFilter(ROUND_READING, is_mine=True))]
    return _end_arrived(RoundStop.objects.filter(task_id__in=waiting), at)


def _end_arrived(stops: Iterable[RoundStop], at: datetime) -> int:
    """End the tasks of those of some stops whose readings arrived after they were sent; returns how many."""
    lacked = [stop for stop in stops if not stop.was_read]
    by_cycle = groupby(sorted(lacked, key=attrgetter("cycle_id", "place")), key=attrgetter("cycle_id"))
    parts = [(ReadingCycle.objects.get(pk=cycle_id), list(part)) for cycle_id, part in by_cycle]
    arrived = [
        stop.task_id
        for cycle, part in parts
        for stop, is_read in zip(part, stops_read(part, cycle).tolist(), strict=True)
        if is_read
    ]
    # Nobody's hand ends them: what they asked for is there.
    return len(end_together(arrived, ARRIVED, by=SYSTEM, at=at)) if arrived else 0


def _locked(run_id: int, by: Actor) -> ReadingCycle:
    """Return the cycle, locked, so that of two who send at once the second finds the stops of the first."""
    found = ReadingCycle.objects.select_for_update().filter(run_id=run_id).first()
    if found is None or not scope(by, "rounds.send_round").covers_unit(found.book.unit_id):
        raise UnknownCycle(f"no reading cycle {run_id}", run=run_id)
    return found


def _refuse_unready(cycle: ReadingCycle, at: datetime) -> None:
    end = month_end(cycle.month)
    if end > at:
        raise MonthNotOver(f"the freeze of {end.isoformat()} is to come", read_at=end.isoformat())
    is_open = any(
        step.step == READ_STEP and step.finished_at is None for step in process_steps(SYSTEM, cycle.run_id)
    )
    if not is_open:
        raise NotBeingRead(f"the reading step of cycle {cycle.run_id} is not open", run=cycle.run_id)


def _keep_readers(book: Book, reader_ids: tuple[int, ...]) -> bool:
    """Let these walk the book from now on; tells whether others did before."""
    if not reader_ids or set(reader_ids) == set(book_readers(book.pk)):
        return False
    refuse_unfit(reader_ids, READER, book.unit_id)
    BookReader.objects.filter(book=book).delete()
    BookReader.objects.bulk_create(
        [BookReader(book=book, person_id=number) for number in sorted(set(reader_ids))]
    )
    return True


def _facts(stops: tuple[PlannedStop, ...]) -> dict[int, PointFacts]:
    found = point_facts(point_codes(stop.usage_point_id for stop in stops))
    return {facts.id: facts for facts in found.values()}


def _handed(cycle: ReadingCycle, stop: PlannedStop, facts: PointFacts) -> HandedOrder:
    details = {
        "usage_point": facts.code,
        "address": facts.address,
        "registers": [register.name for register in stop.registers],
        "read_at": month_end(cycle.month).isoformat(),
        "reason": f"process:{cycle.run_id}",
    }
    key, subject = f"cycle:{cycle.run_id}:{facts.code}", f"usage_point:{facts.code}"
    order = TaskOrder(ROUND_READING, key, subject, READER, cycle.book.unit_id, details=details)
    return HandedOrder(order, stop.reader_id)
