"""Lists in sheets of fifty."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from mingdu.base.models import OrgUnit
from mingdu.base.sheets import MOST_COUNTED, ROWS, Sheet, sheet_of


def sheet(count: int, query: str = "") -> Sheet[int]:
    return sheet_of(RequestFactory().get(f"/list/{query}"), list(range(count)))


def test_the_first_sheet_leads_to_the_next_and_keeps_the_filter() -> None:
    first = sheet(120, "?state=open")
    assert list(first.rows) == list(range(ROWS))
    assert (first.number, first.last, first.total, first.previous_href) == (1, 3, 120, "")
    assert first.next_href == "?state=open&page=2"


def test_the_last_sheet_is_short_and_leads_back() -> None:
    last = sheet(120, "?page=3")
    assert (len(last.rows), last.previous_href, last.next_href) == (20, "?page=2", "")


@pytest.mark.parametrize(
    ("asked", "given"), [("0", 1), ("99", 3), ("x", 1), ("-1", 1), ("9" * 400, 1), ("²", 1)]
)
def test_a_number_that_does_not_exist_gives_the_nearest(asked: str, given: int) -> None:
    assert sheet(120, f"?page={asked}").number == given


def test_an_empty_list_is_one_empty_sheet() -> None:
    empty = sheet(0)
    assert (empty.rows, empty.number, empty.last, empty.total) == ([], 1, 1, 0)


def test_counting_stops() -> None:
    many = sheet(MOST_COUNTED + 1)
    assert (many.total, many.is_capped) == (MOST_COUNTED, True)
    assert not sheet(MOST_COUNTED).is_capped


@pytest.mark.database
def test_a_lazy_query_fetches_the_sheet_alone(module_database: str) -> None:
    OrgUnit.objects.bulk_create([OrgUnit(code=f"S{n}", name=f"unit {n}") for n in range(60)])
    found = sheet_of(
        RequestFactory().get("/list/?page=2"), OrgUnit.objects.filter(code__startswith="S").order_by("pk")
    )
    assert (len(found.rows), found.total) == (10, 60)
