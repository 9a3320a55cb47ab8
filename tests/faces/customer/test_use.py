"""What was used, day by day, what it costs so far, and what is to pay."""

from __future__ import annotations

import re
from datetime import date, timedelta

import numpy as np
import pytest
from django.test import Client

from faces.customer.browsers import OTHER_PHONE, colleague_browser, customer_browser, page, told
from faces.small_utility import FOREIGN, NOW, OWN, UNKNOWN, Utility
from mingdu.base.actors import SYSTEM
from mingdu.base.models import AuditEntry
from mingdu.core.clock import day_number
from mingdu.core.quality import Quality
from mingdu.core.registers import Channel, Register
from mingdu.faces.customer.daily import DayUse, daily_use, latest_known
from mingdu.metering.operations import accept_readings, record_evidence
from mingdu.metering.operations.exchange import Exchange, NewMeter, meter_exchange
from mingdu.metering.queries.facts import point_facts
from mingdu.metering.readings import (
    WHICHEVER_METER,
    CurveColumns,
    ReadingBatch,
    RegisterColumns,
    Source,
)
from mingdu.metering.zone import midnight

pytestmark = pytest.mark.database

NEW_YEAR = date(2027, 1, 1)
# What the registers of the first two days of the year moved, in their digits.
NEW_DAYS = {
    Register.TOTAL: (1_000, 800), Register.PEAK: (500, 300),
    Register.FLAT: (300, 300), Register.VALLEY: (200, 200),
}  # fmt: skip


def point() -> int:
    return point_facts([f"P{OWN}"])[f"P{OWN}"].id


def shown_at(day: date) -> dict[Register, int]:
    from mingdu.base.database import reading_connection
    from mingdu.metering.queries import register_values

    registers = list(NEW_DAYS)
    values = register_values(reading_connection(), np.array([point()]), registers, midnight(day))
    assert values.found.all()
    return dict(zip(registers, values.digits[0].tolist(), strict=True))


def read(day: date, digits: dict[Register, int], quality: Quality = Quality.MEASURED) -> None:
    rows = len(digits)
    columns = RegisterColumns(
        np.full(rows, point()),
        np.full(rows, WHICHEVER_METER),
        np.array(list(digits), dtype=np.int64),
        np.full(rows, np.datetime64(midnight(day).replace(tzinfo=None), "us")),
        np.array(list(digits.values()), dtype=np.int64),
        np.full(rows, quality, dtype=np.uint8),
    )
    evidence = record_evidence("file", f"day {day}", by=SYSTEM, at=NOW)
    taken = accept_readings(ReadingBatch(Source.FILE, evidence, registers=columns), by=SYSTEM, at=NOW)
    assert taken.accepted == rows


def load_curve(day: date, quality: list[Quality]) -> None:
    marks = np.array([quality], dtype=np.uint8)
    values = np.where(marks == Quality.MISSING, 0, 25)
    curve = CurveColumns(
        np.array([point()]), np.array([day_number(day)]), np.array([int(Channel.IMPORT)]), values, marks
    )
    evidence = record_evidence("file", f"curve {day}", by=SYSTEM, at=NOW)
    accept_readings(ReadingBatch(Source.FILE, evidence, curve), by=SYSTEM, at=NOW)


@pytest.fixture(scope="module")
def read_utility(utility: Utility) -> Utility:
    utility.issue_december()
    digits = shown_at(NEW_YEAR)
    for number in range(2):
        digits = {register: digits[register] + moved[number] for register, moved in NEW_DAYS.items()}
        read(NEW_YEAR + timedelta(days=number + 1), digits)
    estimated = [Quality.MEASURED] * 40 + [Quality.ESTIMATED_LINEAR] * 8 + [Quality.MEASURED] * 48
    load_curve(date(2026, 12, 29), estimated)
    load_curve(date(2026, 12, 30), [Quality.MEASURED] * 80 + [Quality.MISSING] * 16)
    return utility


@pytest.fixture
def customer(read_utility: Utility) -> Client:
    return customer_browser()


def test_a_day_is_what_the_registers_moved_between_its_midnights(read_utility: Utility) -> None:
    days = daily_use(point(), NEW_YEAR, NEW_YEAR + timedelta(days=2))
    assert days == [
        DayUse(NEW_YEAR, 10_000, {Register.PEAK: 5_000, Register.FLAT: 3_000, Register.VALLEY: 2_000}),
        DayUse(NEW_YEAR + timedelta(days=1), 8_000, {
            Register.PEAK: 3_000, Register.FLAT: 3_000, Register.VALLEY: 2_000,
        }),
        DayUse(NEW_YEAR + timedelta(days=2)),
    ]  # fmt: skip
    latest = latest_known(days)
    assert latest is not None and latest.day == NEW_YEAR + timedelta(days=1)
    assert latest_known(days[2:]) is None


def test_where_a_midnight_was_not_read_the_curve_tells_the_day(read_utility: Utility) -> None:
    first = date(2026, 12, 29)
    assert daily_use(point(), first, first + timedelta(days=1)) == [
        DayUse(first, 24_000, is_estimated=True),
        DayUse(first + timedelta(days=1), 20_000, is_partial=True),
    ]


def test_what_is_no_evidence_makes_no_day(database: str) -> None:
    from faces.small_utility import build_utility

    build_utility()
    read(
        NEW_YEAR + timedelta(days=1),
        {Register.TOTAL: shown_at(NEW_YEAR)[Register.TOTAL] + 5},
        Quality.PROVISIONAL,
    )
    assert daily_use(point(), NEW_YEAR, NEW_YEAR) == [DayUse(NEW_YEAR)]


def test_a_day_with_an_exchange_is_the_sum_of_both_meters(database: str) -> None:
    from faces.small_utility import build_utility
    from mingdu.metering.models import UsagePoint

    build_utility()
    old, noon = shown_at(NEW_YEAR)[Register.TOTAL], midnight(NEW_YEAR) + timedelta(hours=12)
    new_meter = NewMeter("000000999999", "000000999999", "demo-meter-645", 10)
    exchange = Exchange(new_meter, noon, {Register.TOTAL: old + 100}, {Register.TOTAL: 7})
    meter_exchange(UsagePoint.objects.get(pk=point()), exchange, by=SYSTEM, at=NOW)
    read(NEW_YEAR + timedelta(days=1), {Register.TOTAL: 37})
    assert daily_use(point(), NEW_YEAR, NEW_YEAR) == [DayUse(NEW_YEAR, 1_000 + 30 * 10 * 10)]


def test_a_register_that_fell_says_nothing(database: str) -> None:
    from faces.small_utility import build_utility

    build_utility()
    fallen = shown_at(NEW_YEAR)
    fallen[Register.TOTAL] += 700
    fallen[Register.PEAK] -= 100
    read(NEW_YEAR + timedelta(days=1), fallen)
    assert daily_use(point(), NEW_YEAR, NEW_YEAR)[0].period_wh == {Register.FLAT: 0, Register.VALLEY: 0}


def test_home_says_the_latest_day_with_its_periods_and_what_is_missing(customer: Client) -> None:
    home = told(customer, "/m/")
    assert "最近一天 2027-01-02 实测 8 度 峰 3 平 3 谷 2 2027-01-03 的示数还没有到" in home
    assert f"{OWN} · " in home


def test_home_says_the_month_so_far_and_how_sure_it_is(customer: Client) -> None:
    home = told(customer, "/m/")
    assert "本月至今 2027-01 暂估 18 度 约 ¥8.10 2027-01-01 至 2027-01-02" in home
    assert "以账单为准" in home


def test_home_says_what_is_to_pay_and_by_when(customer: Client) -> None:
    home = told(customer, "/m/")
    assert "应付 ¥161.50 请于 2027-01-19 前缴清 立即缴费 2026-12 账单: ¥161.50" in home
    assert re.search(r'href="/m/pay/\d+/">立即缴费', page(customer, "/m/"))


@pytest.mark.parametrize(
    ("asked", "days"), [("7", 7), ("30", 30), ("60", 60), ("31", 30), ("x", 30), ("", 30)]
)
def test_the_span_of_the_bars_can_be_chosen(customer: Client, asked: str, days: int) -> None:
    shown = page(customer, f"/m/?days={asked}")
    assert f"最近 {days} 天" in shown
    table = shown[shown.index('<table class="grid-table">') : shown.index("</table>")]
    assert table.count('<th scope="row">') == days
    assert '<th scope="row">01-02</th><td class="figures">3</td><td class="figures">3</td>' in table


def test_estimated_days_are_hatched_and_partial_ones_lighter(customer: Client) -> None:
    shown = page(customer, "/m/")
    assert 'class="hatch"' in shown and "斜纹：估算值" in shown
    assert 'class="s4 dim"' in shown and "浅色：当天的数据还没有到齐" in shown
    week = page(customer, "/m/?days=7")
    assert "未分时段" in week and "合计 62 " in told(customer, "/m/?days=7")


def test_a_day_shows_its_curve_and_its_doubtful_hours(customer: Client) -> None:
    shown = told(customer, "/m/day/2026-12-29/")
    assert "24 度 估算" in shown and "10:00–12:00: 估算" in shown
    partial = told(customer, "/m/day/2026-12-30/")
    assert "20 度 未到齐" in partial and "20:00–24:00: 数据还没有到" in partial
    drawn = page(customer, "/m/day/2026-12-29/")
    assert (
        '<path class="line"' in drawn and '<th scope="row">23:45</th><td class="figures">0.25</td>' in drawn
    )
    assert 'href="/m/day/2026-12-28/"' in drawn and 'href="/m/day/2026-12-30/"' in drawn


def test_a_day_without_a_curve_says_so(customer: Client) -> None:
    shown = page(customer, "/m/day/2027-01-01/")
    assert "这一天没有曲线" in shown and "10</span> 度" in shown and "<path" not in shown


def test_another_day_can_be_asked_for_without_a_script(customer: Client) -> None:
    assert "24" in told(customer, "/m/day/2027-01-01/?day=2026-12-29")


@pytest.mark.parametrize("day", ["2027-01-04", "1999-12-31", "yesterday", "2026-02-30"])
def test_days_without_a_curve_to_come_have_no_page(customer: Client, day: str) -> None:
    assert customer.get(f"/m/day/{day}/").status_code == 404


def test_yesterday_has_no_day_after(customer: Client) -> None:
    assert "后一天" not in page(customer, "/m/day/2027-01-03/")


def test_an_account_without_readings_says_why(read_utility: Utility) -> None:
    home = told(customer_browser(OTHER_PHONE), "/m/?days=7")
    assert "最近 7 天没有收到示数" in home and "这些天没有示数" in home
    assert "月结 2026-12 已结算 310 度 ¥161.50" in home


@pytest.mark.parametrize("number", [UNKNOWN, FOREIGN, "\0", "'", "1" * 30])
def test_a_foreign_account_is_not_there(customer: Client, number: str) -> None:
    for path in ("/m/", "/m/bills/", "/m/day/2026-12-29/", "/m/cases/new/", "/m/repair/"):
        assert customer.get(path, {"account": number}).status_code == 404
    assert AuditEntry.objects.filter(target=f"account:{FOREIGN}").exists() or number != FOREIGN


def test_a_colleague_sees_a_customer_page_of_his_unit(read_utility: Utility) -> None:
    assert OWN in page(colleague_browser("clerk"), f"/m/?account={OWN}")
    assert colleague_browser("neighbour").get(f"/m/?account={OWN}").status_code == 404


def test_the_chosen_account_stays_chosen(read_utility: Utility) -> None:
    clerk = colleague_browser("clerk")
    page(clerk, f"/m/?account={OWN}")
    assert "还没有户号" in page(clerk, "/m/")
