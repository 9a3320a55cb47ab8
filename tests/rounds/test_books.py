"""Reading books and their points in walking order."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime
from typing import Any

import pytest

from acting import staff
from mingdu.base.actors import SYSTEM
from mingdu.base.operations import create_unit
from mingdu.base.permissions import NotPermitted
from mingdu.base.queries import read_audit
from mingdu.base.roles import Role
from mingdu.metering.operations import BadRegistry, register_network
from mingdu.metering.queries.facts import point_facts
from mingdu.rounds.models import Book, BookPoint
from mingdu.rounds.operations import register_books
from mingdu.rounds.queries import book_codes, points_of_book
from small_town import registry

pytestmark = pytest.mark.database
POINTS = 6


@pytest.fixture
def rows(database: str, now: datetime) -> dict[str, Any]:
    """The registry of a village whose network is registered."""
    found = deepcopy(registry(POINTS))
    register_network(found, by=SYSTEM, at=now)
    return found


def test_enters_books_with_their_points_in_walking_order(rows: dict[str, Any], now: datetime) -> None:
    with_points = {row["book"] for row in rows["usage_points"]}
    assert register_books(rows, by=SYSTEM, at=now) == len(with_points)
    assert book_codes() == sorted(with_points)
    walked = BookPoint.objects.order_by("place").values_list("book__code", "usage_point__code")
    assert list(walked) == [(row["book"], row["usage_point"]) for row in rows["usage_points"]]
    named = [row for row in rows["usage_points"] if row["book"] == book_codes()[0]]
    facts = point_facts()
    assert points_of_book(book_codes()[0]).tolist() == sorted(facts[row["usage_point"]].id for row in named)
    assert [entry.target for entry in read_audit(SYSTEM, target="registry")] == ["registry"]


def test_the_same_again_changes_nothing(rows: dict[str, Any], now: datetime) -> None:
    first = register_books(rows, by=SYSTEM, at=now)
    stored = list(BookPoint.objects.order_by("pk").values())
    assert register_books(rows, by=SYSTEM, at=now) == first
    assert list(BookPoint.objects.order_by("pk").values()) == stored


def test_leaves_out_a_book_without_points(rows: dict[str, Any], now: datetime) -> None:
    before = register_books(rows, by=SYSTEM, at=now)
    rows["books"].append({"book": "B-EMPTY", "name": "空册", "reading_day": 1})
    assert register_books(rows, by=SYSTEM, at=now) == before
    assert "B-EMPTY" not in book_codes()


def test_refuses_a_registry_that_names_what_it_does_not_describe(rows: dict[str, Any], now: datetime) -> None:
    without_books = {name: value for name, value in rows.items() if name != "books"}
    unknown_point = deepcopy(rows)
    unknown_point["usage_points"][0]["usage_point"] = "P-NOWHERE"
    unknown_book = deepcopy(rows)
    unknown_book["usage_points"][0]["book"] = "B-NOWHERE"
    for broken, missing in (
        (without_books, "books"),
        (unknown_point, "P-NOWHERE"),
        (unknown_book, "B-NOWHERE"),
    ):
        with pytest.raises(BadRegistry) as refusal:
            register_books(broken, by=SYSTEM, at=now)
        assert refusal.value.values == {"missing": missing}
    assert not Book.objects.exists()


def test_only_a_planner_of_the_unit_may_enter_books(rows: dict[str, Any], now: datetime) -> None:
    away = create_unit("0531", "邻所", parent=None, by=SYSTEM, at=now)
    for stranger in (staff(Role.READER), staff(Role.CLERK, units={away.pk})):
        with pytest.raises(NotPermitted):
            register_books(rows, by=stranger, at=now)
    assert not Book.objects.exists()
    home = point_facts()[rows["usage_points"][0]["usage_point"]].unit_id
    assert register_books(rows, by=staff(Role.CLERK, units={home}), at=now) > 0
