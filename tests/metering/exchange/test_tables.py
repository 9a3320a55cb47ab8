"""Tables of other houses: CSV and xlsx, guessed or by a remembered mapping; times without a zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from metering.conftest import Network
from metering.exchange.test_import import figures, found
from mingdu.base.actors import SYSTEM
from mingdu.base.database import reading_connection
from mingdu.core.registers import Channel
from mingdu.metering.exchange import ExchangeFormat
from mingdu.metering.imports.exchange.report import ExchangeReport
from mingdu.metering.imports.exchange.tables import (
    EmptyTable,
    MappingMisfit,
    UnsureMapping,
    guess_table,
    preview_table,
)
from mingdu.metering.operations import How, import_exchange
from mingdu.metering.store.point_days import point_days
from mingdu.wire.exchange.series import Block

pytestmark = pytest.mark.database

TABLE = How(ExchangeFormat.TABLE)


def run(path: Path, text: str, now: datetime, how: How = TABLE) -> ExchangeReport:
    path.write_text(text, encoding="utf-8")
    return import_exchange(path, how, by=SYSTEM, at=now)


def half_hours(day: str, values: list[str], *, first: int = 0) -> str:
    times = [f"{day} {n // 2:02}:{n % 2 * 30:02}:00" for n in range(first, first + len(values))]
    return "".join(f"{time},{value}\n" for time, value in zip(times, values, strict=True))


def test_takes_a_chinese_table_with_amounts_voltages_and_registers(
    network: Network, now: datetime, tmp_path: Path
) -> None:
    text = (
        "户号,数据时间,用电量(kWh),A相电压(V)\n"
        "P0,2026-12-30 00:00,0.25,230.1\n"
        "P0,2026-12-30 00:15,0.26,230.2\n"
        "P0,2026-12-30 00:30,NaN,\n"
    )
    report = run(tmp_path / "a.csv", text, now)
    assert figures(report) == (5, 4, 1, 0, 0)
    conn, days = reading_connection(), [date(2026, 12, 30)]
    assert point_days(conn, network.points[0], days)[0].values[:3].tolist() == [250, 260, 0]
    assert point_days(conn, network.points[0], days, Channel.VOLTAGE_A)[0].values[:2].tolist() == [2301, 2302]
    row = "202400000001,2026-12-30 00:00,"
    registers = f"表号,抄表时间,示数,费率\n{row}120.5,峰\n{row}1,九\n"
    report = run(tmp_path / "b.csv", registers, now)
    assert (report.accepted, found(report)) == (1, [(3, "UnknownChannel", 1)])


def test_takes_a_workbook_as_it_takes_the_same_csv(network: Network, now: datetime, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [
        ["usage point", "time", "consumption (kWh)"],
        *(["P0", datetime(2026, 12, 30, n // 4, n % 4 * 15), 0.1 + n / 100] for n in range(8)),  # noqa: DTZ001
    ]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    assert figures(import_exchange(tmp_path / "a.xlsx", TABLE, by=SYSTEM, at=now)) == (8, 8, 0, 0, 0)
    text = "usage point,time,consumption (kWh)\n" + "".join(
        f"P0,2026-12-30 {n // 4:02}:{n % 4 * 15:02},{(10 + n) / 100}\n" for n in range(8)
    )
    assert figures(run(tmp_path / "a.csv", text, now)) == (8, 0, 8, 0, 0)


def test_a_table_without_a_point_is_that_of_the_named_point(
    network: Network, now: datetime, tmp_path: Path
) -> None:
    text = "start,value\n" + half_hours("2026-12-30", ["0.1"] * 3)
    assert figures(run(tmp_path / "a.csv", text, now, replace(TABLE, point="P1"))) == (3, 3, 0, 0, 0)
    assert {error for _, error, _ in found(run(tmp_path / "b.csv", text, now))} == {"EmptyCell"}


def test_hours_that_come_twice_have_both_and_hours_left_out_are_named(
    network: Network, now: datetime, tmp_path: Path
) -> None:
    london = replace(TABLE, point="P1", zone=ZoneInfo("Europe/London"))
    twice = half_hours("2026-10-25", ["0.1", "0.2"], first=2) + half_hours(
        "2026-10-25", ["0.3", "0.4", "0.5"], first=2
    )
    assert figures(run(tmp_path / "a.csv", "start,value\n" + twice, now, london)) == (5, 5, 0, 0, 0)
    # 01:00 at +01:00 is 08:00 at +08:00; the second one stands two half hours later.
    day = point_days(reading_connection(), network.points[1], [date(2026, 10, 25)])[0]
    assert day.values[16:21].tolist() == [100, 200, 300, 400, 500]
    report = run(
        tmp_path / "b.csv", "start,value\n" + half_hours("2026-03-29", ["0.1"] * 5, first=1), now, london
    )
    assert found(report) == [(3, "NoSuchTime", 1), (4, "NoSuchTime", 1)]


def test_repeated_stamps_are_the_same_or_conflicts_and_gaps_are_missing(
    network: Network, now: datetime, tmp_path: Path
) -> None:
    once = half_hours("2026-12-30", ["0.1", "0.2"])
    text = "start,value\n" + once + half_hours("2026-12-30", ["0.2"], first=1)
    text += half_hours("2026-12-30", ["0.9"], first=1) + half_hours("2026-12-30", ["0.4"], first=5)
    report = run(tmp_path / "a.csv", text, now, replace(TABLE, point="P1"))
    assert figures(report) == (5, 3, 1, 1, 0)
    assert [each["line"] for each in report.as_json()["conflicting"]] == [5]
    day = point_days(reading_connection(), network.points[1], [date(2026, 12, 30)])[0]
    assert day.quality[:7].tolist() == [0, 0, 6, 6, 6, 0, 6]


def test_a_time_between_two_intervals_is_named(network: Network, now: datetime, tmp_path: Path) -> None:
    text = "户号,时间,用电量\nP0,2026-12-30 00:00,1\nP0,2026-12-30 00:30,1\nP0,2026-12-30 01:07,1\n"
    report = run(tmp_path / "a.csv", text, now)
    assert found(report) == [(4, "BadTime", 1)]
    text = "户号,时间,用电量\nP0,2026-12-30 00:00,1\nP0,2026-12-30 00:07,1\n"
    assert {error for _, error, _ in found(run(tmp_path / "b.csv", text, now))} == {"BadInterval"}


def test_guesses_only_what_it_is_sure_of(network: Network, now: datetime, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    text = "户号,时间,昨日家里总的用电量读数情况\nP0,2026-12-30 00:00,1\nP0,2026-12-30 00:15,1\n"
    path.write_text(text, encoding="utf-8")
    guess, headers, score = guess_table(path)
    assert (headers[0], score < 60) == ("户号", True)
    with pytest.raises(UnsureMapping):
        import_exchange(path, TABLE, by=SYSTEM, at=now)
    taken = import_exchange(path, replace(TABLE, mapping=guess), by=SYSTEM, at=now)
    assert taken.accepted == 2
    shown = [piece for piece in preview_table(path, guess, 5) if isinstance(piece, Block)]
    assert shown[0].channel.point == "P0"


def test_refuses_a_table_that_the_mapping_was_not_made_for(
    network: Network, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("户号,时间,用电量\nP0,2026-12-30 00:00,1\n", encoding="utf-8")
    guess, _, _ = guess_table(path)
    with pytest.raises(MappingMisfit):
        run(tmp_path / "b.csv", "时间,户号,用电量\n", now, replace(TABLE, mapping=guess))
    with pytest.raises(EmptyTable):
        run(tmp_path / "c.csv", "\n\n", now)
