"""Storage is laid out months ahead in every subject."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial

import pytest

from mingdu.main.months import MAKERS, is_month_left, latest_months, lay_out_ahead
from threads import at_once

pytestmark = pytest.mark.database


def test_lays_out_three_months_ahead_in_every_table(database: str, now: datetime) -> None:
    tables = latest_months()
    assert set(tables) == {*MAKERS, "metering_curve", "metering_registerreading"}
    lay_out_ahead(now, date(2027, 9, 30))
    assert set(latest_months().values()) == {date(2027, 12, 1)}
    assert is_month_left(date(2027, 11, 30))
    assert not is_month_left(date(2027, 12, 1))


def test_leaves_what_reaches_further_as_it_is(database: str, now: datetime) -> None:
    before = latest_months()
    lay_out_ahead(now, date(2026, 12, 15))
    assert latest_months() == before


def test_the_year_turns_in_the_months_ahead(database: str, now: datetime) -> None:
    lay_out_ahead(now, date(2028, 10, 15))
    assert set(latest_months().values()) == {date(2029, 1, 1)}


def test_workers_at_once_do_not_hinder_each_other(database: str, now: datetime) -> None:
    assert at_once([partial(lay_out_ahead, now, date(2027, 9, 1))] * 4) == [None] * 4
    assert is_month_left(date(2027, 10, 31))


def test_new_money_and_bill_months_are_guarded_like_the_others(database: str, now: datetime) -> None:
    from django.db import connection

    lay_out_ahead(now, date(2027, 9, 1))
    query = "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal"
    with connection.cursor() as cursor:
        counts = []
        for table in (
            "money_entry_202704",
            "money_entry_202712",
            "billing_bill_202704",
            "billing_bill_202712",
        ):
            cursor.execute(query, (table,))
            counts.append(cursor.fetchone()[0])
    assert counts[0] == counts[1] > 0 and counts[2] == counts[3] > 0
