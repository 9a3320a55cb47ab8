"""A book's reading cycle of a month: started once, its list frozen by the first step."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial

import pytest

from acting import NOBODY, staff
from mingdu.base.actors import SYSTEM
from mingdu.base.permissions import NotPermitted
from mingdu.base.queries import read_audit
from mingdu.base.roles import Role
from mingdu.metering.queries.facts import point_facts
from mingdu.rounds.models import BookPoint, ReadingCycle, ReadingList
from mingdu.rounds.operations import READING_CYCLE, MonthAhead, UnknownBook, start_cycle
from mingdu.rounds.queries import book_codes, books, cycle, points_of_book
from mingdu.work.processes import finish_step, return_step, start_process
from mingdu.work.queries import process_steps
from small_town import register_town
from threads import at_once

pytestmark = pytest.mark.database
POINTS = 6
DECEMBER, NOVEMBER = date(2026, 12, 1), date(2026, 11, 1)


@pytest.fixture
def book(database: str, now: datetime) -> str:
    """The first book of a village."""
    register_town(POINTS, at=now)
    return book_codes()[0]


@pytest.fixture
def unit_id(book: str) -> int:
    return next(iter(point_facts().values())).unit_id


def prepare(run_id: int, now: datetime) -> None:
    finish_step(run_id, "prepare", outcome="done", by=staff(Role.CLERK), at=now)


def test_a_cycle_is_a_run_of_the_reading_process(book: str, unit_id: int, now: datetime) -> None:
    run_id = start_cycle(book, date(2026, 12, 31), by=staff(Role.MANAGER, units={unit_id}), at=now)
    assert [step.step for step in process_steps(SYSTEM, run_id)] == ["prepare"]
    seen = cycle(staff(Role.ENGINEER, units={unit_id}), run_id)
    assert seen is not None
    assert (seen.book, seen.month, seen.frozen_at, seen.points) == (book, DECEMBER, None, 0)


def test_the_same_book_and_month_is_one_cycle(book: str, now: datetime) -> None:
    start = partial(start_cycle, book, DECEMBER, by=SYSTEM, at=now)
    started = at_once([start] * 6)
    assert set(started) == {start()}
    assert ReadingCycle.objects.count() == 1


def test_prepare_freezes_the_list_in_walking_order(book: str, now: datetime) -> None:
    run_id = start_cycle(book, DECEMBER, by=SYSTEM, at=now)
    walked = list(BookPoint.objects.filter(book__code=book).order_by("place"))
    prepare(run_id, now)
    frozen = ReadingList.objects.get()
    assert frozen.usage_point_ids == [point.usage_point_id for point in walked]
    assert (frozen.frozen_by, frozen.frozen_at) == ("person:7", now)
    walked[0].delete()
    seen = cycle(SYSTEM, run_id)
    assert seen is not None and seen.points == len(walked) == len(points_of_book(book)) + 1
    assert "rounds.freeze_list" in [act.verb for act in read_audit(SYSTEM, target=f"process:{run_id}")]


def test_a_list_tells_what_changed_since_the_cycle_before(book: str, now: datetime) -> None:
    gone, newly_built, *_ = BookPoint.objects.filter(book__code=book).order_by("place")
    code_of = {facts.id: facts.code for facts in point_facts().values()}
    runs = [start_cycle(book, month, by=SYSTEM, at=now) for month in (NOVEMBER, DECEMBER)]
    newly_built.delete()
    prepare(runs[0], now)
    gone.delete()
    newly_built.save(force_insert=True)
    prepare(runs[1], now)
    first, then = (cycle(SYSTEM, run_id) for run_id in runs)
    assert first is not None and then is not None
    assert (first.added, first.removed) == ((), ())
    assert then.added == (code_of[newly_built.usage_point_id],)
    assert then.removed == (code_of[gone.usage_point_id],)


def test_a_returned_preparation_freezes_the_list_anew(book: str, now: datetime) -> None:
    run_id = start_cycle(book, DECEMBER, by=SYSTEM, at=now)
    prepare(run_id, now)
    points = BookPoint.objects.filter(book__code=book)
    before = points.count()
    points.order_by("place")[0].delete()
    return_step(run_id, "read", reason="one point is closed", by=staff(Role.ENGINEER), at=now)
    prepare(run_id, now)
    seen = cycle(SYSTEM, run_id)
    assert seen is not None and seen.points == before - 1
    assert ReadingList.objects.count() == 2


def test_a_run_that_reads_no_book_has_no_list(book: str, now: datetime) -> None:
    run = start_process(READING_CYCLE, "no book", unit_id=None, by=SYSTEM, at=now)
    prepare(run.pk, now)
    assert not ReadingList.objects.exists()
    assert cycle(SYSTEM, run.pk) is None


def test_refuses_a_book_that_is_not_there_and_a_month_that_has_not_begun(book: str, now: datetime) -> None:
    with pytest.raises(UnknownBook):
        start_cycle("B-NOWHERE", DECEMBER, by=SYSTEM, at=now)
    # The year turns in the utility's zone: 16:00 UTC on the last day.
    with pytest.raises(MonthAhead):
        start_cycle(book, date(2027, 1, 1), by=SYSTEM, at=datetime(2026, 12, 31, 15, 59, tzinfo=UTC))
    assert not ReadingCycle.objects.exists()
    start_cycle(book, date(2027, 1, 1), by=SYSTEM, at=datetime(2026, 12, 31, 16, 0, tzinfo=UTC))


def test_only_engineers_and_managers_of_the_unit_start_a_cycle(
    book: str, unit_id: int, now: datetime
) -> None:
    for stranger in (NOBODY, staff(Role.CLERK), staff(Role.ENGINEER, units={unit_id + 1})):
        with pytest.raises(NotPermitted):
            start_cycle(book, DECEMBER, by=stranger, at=now)
    run_id = start_cycle(book, DECEMBER, by=staff(Role.ENGINEER, units={unit_id}), at=now)
    assert cycle(staff(Role.CLERK, units={unit_id + 1}), run_id) is None
    with pytest.raises(NotPermitted):
        cycle(staff(Role.CASHIER), run_id)


def test_books_are_shown_on_their_units(book: str, unit_id: int) -> None:
    seen = books(staff(Role.READER, units={unit_id}))
    assert [(each.book, each.points) for each in seen] == [
        (code, len(points_of_book(code))) for code in book_codes()
    ]
    assert books(staff(Role.READER, units={unit_id + 1})) == []
    with pytest.raises(NotPermitted):
        books(staff(Role.AGENT))
