"""Lists in sheets: fifty rows at a time, counted no further than anybody reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet
from django.http import HttpRequest

ROWS = 50
MOST_COUNTED = 10_000

Row = TypeVar("Row")


@dataclass(frozen=True)
class Sheet(Generic[Row]):
    """
    One sheet of a list.

    number, last    this sheet and the last one, from 1
    total           rows of the whole list; at most MOST_COUNTED
    is_capped       there are more rows than were counted
    """

    rows: Sequence[Row]
    number: int
    last: int
    total: int
    is_capped: bool
    previous_href: str
    next_href: str


def sheet_of(request: HttpRequest, rows: list[Row] | QuerySet[Any, Row]) -> Sheet[Row]:
    """
    Cut the sheet that `?page=` asks for out of rows; a number that does not exist gives the nearest one.

    rows  a list, or a lazy query of which only the sheet and its capped count are fetched
    """
    some = rows[: MOST_COUNTED + 1]
    counted = len(some) if isinstance(some, list) else some.count()
    total = min(counted, MOST_COUNTED)
    last = max(1, -(-total // ROWS))
    asked = request.GET.get("page", "1")
    number = min(max(1, int(asked)), last) if asked.isdecimal() and len(asked) < 9 else 1
    start = (number - 1) * ROWS
    return Sheet(
        list(rows[start : start + ROWS]), number, last, total, counted > MOST_COUNTED,
        _address(request, number - 1) if number > 1 else "",
        _address(request, number + 1) if number < last else "",
    )  # fmt: skip


def _address(request: HttpRequest, number: int) -> str:
    query = request.GET.copy()
    query["page"] = str(number)
    return f"?{query.urlencode()}"
