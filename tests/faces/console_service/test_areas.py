"""The pages of areas' losses: a month, one area, and what only an inspector sees."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client

from faces.console.desk import colleague
from faces.small_utility import NOW, Utility
from mingdu.core.area_balance import Verdict
from mingdu.metering.models import Area, AreaDay

pytestmark = pytest.mark.database

PAGE = "/console/areas/"


def keep(area: Area, day: date, verdict: Verdict, loss_wh: int, *, missing: int = 0) -> None:
    AreaDay.objects.create(
        area=area, day=day, is_supplied=True, supplied_wh=1_000_000 + loss_wh, sold_wh=1_000_000, points=20,
        missing=missing, loss_wh=0 if verdict is Verdict.NOT_ALIGNED else loss_wh,
        technical_wh=0 if verdict is Verdict.NOT_ALIGNED else 40_000, technical_ppm=40_000, verdict=verdict,
        balanced_at=NOW,
    )  # fmt: skip


@pytest.fixture(scope="module")
def area(utility: Utility) -> Area:
    first = Area.objects.order_by("pk")[0]
    keep(first, date(2026, 12, 1), Verdict.WITHIN, 40_000)
    keep(first, date(2026, 12, 2), Verdict.ABOVE, 120_000)
    keep(first, date(2026, 12, 3), Verdict.BELOW, -5_000)
    keep(first, date(2026, 12, 4), Verdict.NOT_ALIGNED, 90_000, missing=2)
    return first


def page(client: Client, path: str) -> str:
    answer = client.get(path, headers={"Accept-Language": "zh"})
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_month_adds_the_aligned_days_up(area: Area) -> None:
    shown = page(colleague("engineer"), f"{PAGE}?month=2026-12")
    for words in (
        area.name,
        "3155",
        "3000",
        "5.16 %",
        "4.00 %",
        "4 天，其中 1 天未同期",
        "1 天线损偏高",
        "未核实",
    ):
        assert words in shown
    assert "2026-11" in shown


def test_a_month_without_balances_says_so(area: Area) -> None:
    assert "本月没有台区线损数据" in page(colleague("engineer"), f"{PAGE}?month=2026-05")


@pytest.mark.parametrize("month", ["", "2026-13", "never", "2099-01-01"])
def test_a_month_that_is_none_is_yesterdays(area: Area, month: str) -> None:
    yesterday = NOW.date() - timedelta(days=1)
    assert f"<strong>{yesterday:%Y-%m}</strong>" in page(colleague("engineer"), f"{PAGE}?month={month}")


def test_an_areas_days_say_what_they_mean(area: Area) -> None:
    shown = page(colleague("engineer"), f"{PAGE}{area.code}/?month=2026-12")
    for words in ("正常", "线损偏高", "线损偏低", "2 个计量点未抄到", "12.00 %", "-0.50 %", "<svg"):
        assert words in shown


def test_suspects_are_for_inspectors(area: Area) -> None:
    path = f"{PAGE}{area.code}/?month=2026-12"
    assert "疑似原因" in page(colleague("inspector"), path)
    assert "疑似原因" not in page(colleague("engineer"), path)


def test_an_area_without_a_balance_is_no_page(area: Area) -> None:
    for path in (f"{PAGE}NOWHERE/", f"{PAGE}{area.code}/?month=2026-05"):
        assert colleague("engineer").get(path).status_code == 404
