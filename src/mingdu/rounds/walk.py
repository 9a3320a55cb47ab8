"""The reader's walk (抄表路线): the stops of his route with what he needs on the spot, offline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import numpy as np

from mingdu.base.actors import SYSTEM, Actor
from mingdu.core.clock import civil_day
from mingdu.core.registers import Register
from mingdu.customers.search import Holder, holders_of_points
from mingdu.metering.queries.facts import point_facts
from mingdu.metering.queries.hanging import meter_numbers
from mingdu.metering.zone import zone

from .expectations import PointExpected, expectations
from .models import BookPoint
from .queries import RouteStop, route

INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class WalkStop:
    """
    A stop of the route.

    book, place   the reading book and the place in its walk; "" and 0 when the point is in none
    meter_number  of the meter that hung there at the asked instant; "" when none did
    holder        who was supplied until the asked instant, with the account's number; None: nobody
    expected      of the registers that the stop asks for, in its order
    """

    stop: RouteStop
    book: str
    place: int
    meter_number: str
    holder: Holder | None
    expected: PointExpected


def walk(by: Actor) -> list[WalkStop]:
    """Return the stops that wait for a reader in his units, the earliest limit first; raises NotPermitted."""
    stops = route(by)
    ids = {code: facts.id for code, facts in point_facts({stop.usage_point for stop in stops}).items()}
    places = _places(list(ids.values()))
    found = {walked.stop.task_id: walked for group in _alike(stops) for walked in _walked(group, ids, places)}
    return [found[stop.task_id] for stop in stops]


def _alike(stops: list[RouteStop]) -> Iterator[list[RouteStop]]:
    """Put together what asks for the same registers and instant, so that each group is looked up at once."""
    order = sorted(stops, key=_asked)
    return (list(group) for _, group in groupby(order, key=_asked))


def _asked(stop: RouteStop) -> tuple[str, tuple[str, ...]]:
    return stop.read_at, stop.registers


def _walked(
    group: list[RouteStop], ids: dict[str, int], places: dict[int, tuple[str, int]]
) -> Iterator[WalkStop]:
    read_at = datetime.fromisoformat(group[0].read_at)
    registers = tuple(Register[name] for name in group[0].registers)
    points = np.array([ids[stop.usage_point] for stop in group], dtype=np.int64)
    numbers = meter_numbers(points.tolist(), read_at)
    # A reader sees no customers but those to whose doors he was sent: their names are part of the order.
    holders = holders_of_points(SYSTEM, points.tolist(), civil_day(read_at - INSTANT, zone()))
    for stop, point, expected in zip(
        group, points.tolist(), expectations(points, registers, read_at), strict=True
    ):
        book, place = places.get(point, ("", 0))
        yield WalkStop(stop, book, place, numbers.get(point, ""), holders.get(point), expected)


def _places(usage_point_ids: list[int]) -> dict[int, tuple[str, int]]:
    rows = BookPoint.objects.filter(usage_point_id__in=usage_point_ids)
    return {
        point: (book, place)
        for point, book, place in rows.values_list("usage_point_id", "book__name", "place")
    }
