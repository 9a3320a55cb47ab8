"""What readers met, as the desks list it: whose, where, what came of it, and how a value compares."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import override_settings

from acting import staff
from mingdu.base.actors import Actor
from mingdu.base.attachments import store_attachment
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.core.clock import civil_day
from mingdu.core.registers import Register
from mingdu.rounds.models import FieldReading, RoundStop
from mingdu.rounds.operations import send_round, sync
from mingdu.rounds.operations.visits import VisitItem, record_visits
from mingdu.rounds.round_plan import RoundChoice
from mingdu.rounds.visit_list import (
    CONFIRMED,
    VisitFilter,
    VisitRow,
    books_of_visits,
    readers_of_visits,
    values_read,
    visit_of,
    visits_listed,
)
from rounds.sent_round import END, SentRound, build_round, new_reader
from small_town import ZONE, midnight

pytestmark = pytest.mark.database
PNG = b"\x89PNG\r\n\x1a\n" + b"a dog"


@pytest.fixture
def sent(database: str, now: datetime) -> SentRound:
    made = build_round(now)
    send_round(made.run_id, RoundChoice(), by=made.clerk, at=now)
    return made


@pytest.fixture
def reader(sent: SentRound) -> Actor:
    return new_reader("first", sent.unit_id, sent.now)


def task_of(sent: SentRound, number: int) -> int:
    return int(RoundStop.objects.get(usage_point_id=sent.small.point_ids[number]).task_id)


def visit(sent: SentRound, number: int, outcome: str, reader: Actor, photo: int | None = None) -> int:
    """Let the reader stand at a meter; returns its task."""
    task_id = task_of(sent, number)
    item = VisitItem(f"v{task_id}", task_id, outcome, sent.later, "门口", photo, outcome == "read")
    assert [each.status for each in record_visits([item], by=reader, at=sent.later)] == ["accepted"]
    return task_id


def listed(sent: SentRound, wanted: VisitFilter | None = None) -> list[VisitRow]:
    return list(visits_listed(sent.clerk, wanted or VisitFilter()))


def test_lists_who_went_where_and_what_came_of_it(sent: SentRound, reader: Actor, tmp_path: Path) -> None:
    first, second, _ = sent.lacking
    with override_settings(ATTACHMENTS_FOLDER=tmp_path):
        photo = store_attachment(PNG, by=reader, at=sent.now)
    visit(sent, first, "locked", reader, photo.pk)
    task_id = visit(sent, second, "read", reader)
    latest, earlier = listed(sent)
    assert (latest.task_id, latest.outcome, latest.is_confirmed) == (task_id, "read", True)
    assert (earlier.outcome, earlier.photo_sha256, earlier.note) == ("locked", photo.sha256, "门口")
    assert (earlier.reader, earlier.usage_point_id) == (reader.id, sent.small.point_ids[first])
    assert earlier.code and earlier.address
    assert visit_of(sent.clerk, earlier.pk) == earlier


def test_each_question_leaves_out_what_does_not_fit(sent: SentRound, reader: Actor) -> None:
    first, second, _ = sent.lacking
    shut, read = visit(sent, first, "locked", reader), visit(sent, second, "read", reader)
    today = civil_day(sent.later, ZONE)
    found = {
        VisitFilter(book=sent.book): [read, shut],
        VisitFilter(book="B2"): [],
        VisitFilter(reader_id=reader.number): [read, shut],
        VisitFilter(reader_id=999): [],
        VisitFilter(outcome="locked"): [shut],
        VisitFilter(outcome=CONFIRMED): [read],
        VisitFilter(day=today): [read, shut],
        VisitFilter(day=today + timedelta(days=1)): [],
        VisitFilter(sent.book, reader.number, "read", today): [read],
    }
    assert {wanted: [row.task_id for row in listed(sent, wanted)] for wanted in found} == found


def test_values_stand_beside_what_was_expected(sent: SentRound, reader: Actor) -> None:
    first, second, _ = sent.lacking
    task_ids = [task_of(sent, number) for number in (first, second)]
    backwards = sent.items(second, task_ids[1])
    start = sent.small.town.registers([second], (END.replace(month=12, year=2026),))[Register.TOTAL][0, 0]
    low = int(start) - 500
    backwards[0] = replace(backwards[0], value=f"{low // 100}.{low % 100:02d}")
    sync([*sent.items(first, task_ids[0]), *backwards], by=reader, at=sent.later)
    found = values_read(sent.clerk, task_ids)
    assert [value.register for value in found[task_ids[0]]] == [
        Register.TOTAL, Register.PEAK, Register.FLAT, Register.VALLEY,
    ]  # fmt: skip
    total = found[task_ids[0]][0]
    assert total.read_at == midnight(END)
    assert total.expected.start is not None and total.moved == total.digits - total.expected.start > 0
    assert found[task_ids[1]][0].moved == -500


def test_without_a_start_nothing_is_compared(sent: SentRound, reader: Actor) -> None:
    task_id = task_of(sent, sent.lacking[0])
    sync(sent.items(sent.lacking[0], task_id), by=reader, at=sent.later)
    long_ago = midnight(END.replace(year=2020))
    FieldReading.objects.update(read_at=long_ago)
    assert {value.moved for value in values_read(sent.clerk, [task_id])[task_id]} == {None}


def test_visits_are_seen_on_their_units_by_those_who_review(sent: SentRound, reader: Actor) -> None:
    visit(sent, sent.lacking[0], "dog", reader)
    [row] = listed(sent)
    away = staff(Role.ENGINEER, units={sent.unit_id + 1})
    assert list(visits_listed(away, VisitFilter())) == [] and visit_of(away, row.pk) is None
    assert books_of_visits(away) == [] and readers_of_visits(away) == []
    assert sent.book in dict(books_of_visits(sent.clerk))
    everywhere = staff(Role.MANAGER)
    assert dict(books_of_visits(everywhere)) == dict(books_of_visits(sent.clerk))
    for seen in (sent.clerk, everywhere):
        assert readers_of_visits(seen) == [(reader.number, "first 员工")]
    for stranger in (reader, staff(Role.AGENT)):
        with pytest.raises(NotPermitted):
            visits_listed(stranger, VisitFilter())
        with pytest.raises(NotPermitted):
            values_read(stranger, [row.task_id])
