"""Files of other houses: what is told of each value, and that the same file again changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metering.conftest import Network
from metering.exchange.nem_files import END, HEAD, nem12, nem13
from mingdu.base.actors import SYSTEM, Actor, Grant
from mingdu.base.database import reading_connection
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.core.quality import Quality
from mingdu.core.registers import Channel, Register
from mingdu.metering import queries
from mingdu.metering.imports.exchange.report import ExchangeReport
from mingdu.metering.models import Evidence, Installation, ReadingConflict
from mingdu.metering.operations import (
    ExchangeFormat,
    How,
    import_exchange,
    register_aliases,
    told_format,
)
from mingdu.metering.store.point_days import PointDay, point_days
from wire.exchange.files import GOLDEN

pytestmark = pytest.mark.database

NEM12 = How(ExchangeFormat.NEM12)
DAYS = [date(2026, 12, 28), date(2026, 12, 29)]


def run(path: Path, text: str, now: datetime, how: How = NEM12, **options: Any) -> ExchangeReport:
    path.write_bytes(text.encode())
    return import_exchange(path, how, by=SYSTEM, at=now, **options)


def stored(network: Network, point: int = 0, channel: Channel = Channel.IMPORT) -> list[PointDay]:
    return point_days(reading_connection(), network.points[point], DAYS, channel)


def figures(report: ExchangeReport) -> tuple[int, int, int, int, int]:
    assert report.rows == report.accepted + report.same + report.conflicts + report.bad_rows
    return report.rows, report.accepted, report.same, report.conflicts, report.bad_rows


def found(report: ExchangeReport) -> list[tuple[int, str, int]]:
    return [(bad["line"], bad["error"], bad.get("rows", 1)) for bad in report.as_json()["bad"]]


def test_puts_a_market_day_into_the_two_civil_days_that_it_touches(
    network: Network, now: datetime, tmp_path: Path
) -> None:
    values = [f"0.{100 + n}" for n in range(48)]
    report = run(tmp_path / "a.csv", HEAD + nem12(values=values) + END, now)
    assert figures(report) == (48, 48, 0, 0, 0)
    before, day = stored(network)
    # 00:00 at +10:00 is 22:00 of the day before at +08:00.
    assert before.values[44:].tolist() == [100, 101, 102, 103]
    assert day.values[:44].tolist() == list(range(104, 148))
    assert (day.minutes, day.decimals) == (30, 3)
    assert np.all(day.quality[44:] == Quality.MISSING)


def test_the_same_file_again_changes_nothing(network: Network, now: datetime, tmp_path: Path) -> None:
    text = HEAD + nem12() + END
    run(tmp_path / "a.csv", text, now)
    assert figures(run(tmp_path / "a.csv", text, now)) == (48, 0, 48, 0, 0)
    assert Evidence.objects.filter(kind="file", sha256__gt="").count() == 1


def test_a_dry_run_reports_and_writes_nothing(network: Network, now: datetime, tmp_path: Path) -> None:
    report = run(tmp_path / "a.csv", HEAD + nem12() + END, now, dry_run=True)
    assert figures(report) == (48, 48, 0, 0, 0)
    assert [day.version for day in stored(network)] == [0, 0]
    assert not Evidence.objects.filter(sha256__gt="").exists()


@pytest.mark.parametrize(("chunk", "heard"), [(50, [96, 144]), (100, [100, 144]), (1_000, [144])])
def test_days_cut_by_chunks_are_one_version(
    network: Network, now: datetime, tmp_path: Path, chunk: int, heard: list[int]
) -> None:
    days = [nem12(day=f"202612{day}") for day in (27, 28, 29)]
    told: list[int] = []
    how = replace(NEM12, chunk_values=chunk)
    report = run(tmp_path / "a.csv", HEAD + "".join(days) + END, now, how, told=told.append)
    assert figures(report) == (144, 144, 0, 0, 0)
    assert told == heard
    day = stored(network)[0]
    assert np.all(day.values == 125) and day.version == 1


def test_lines_that_cannot_be_taken_are_named_and_all_others_stand(
    network: Network, now: datetime, tmp_path: Path
) -> None:
    text = HEAD + "".join(
        [
            nem12("P9"),
            nem12(suffix="Q1", unit="KVARH"),
            nem12(unit="KVARH"),
            nem12("P0", day="20270301"),
            nem12("P1", day="20240301"),
            nem12("P0", values=["1e9"] * 48),
            nem12("P1"),
            "300,2026\r\n",
        ]
    )
    report = run(tmp_path / "a.csv", text, now)
    assert found(report) == [
        (3, "UnknownUsagePoint", 48), (5, "UnknownChannel", 48), (7, "UnknownChannel", 48),
        (9, "FutureReading", 48), (11, "OutsideStorage", 48), (13, "BadValue", 48), (16, "WrongFields", 1),
        (16, "NoEnd", 1),
    ]  # fmt: skip
    assert figures(report)[1] == 48
    assert not report.is_clean
    first = report.as_json()["bad"][0]
    assert first["values"] == {"usage_point": "P9", "meter": "M1"}


def test_another_value_is_a_conflict_that_is_named(network: Network, now: datetime, tmp_path: Path) -> None:
    run(tmp_path / "a.csv", HEAD + nem12() + END, now)
    report = run(tmp_path / "b.csv", HEAD + nem12(values=["0.125"] * 47 + ["0.126"]) + END, now)
    assert figures(report) == (48, 0, 47, 1, 0)
    assert report.as_json()["conflicting"] == [
        {"line": 3, "usage_point": "P0", "item": "IMPORT", "time": "2026-12-29T13:30:00Z"}
    ]
    assert ReadingConflict.objects.get().offered_digits == 126


def test_keeps_the_formats_codes_in_the_report_and_the_methods_of_estimates(
    network: Network, now: datetime, tmp_path: Path
) -> None:
    events = "400,1,20,A,,\r\n400,21,24,S17,,\r\n400,25,30,E52,,\r\n400,31,40,S14,7,\r\n400,41,48,N,,\r\n"
    report = run(tmp_path / "a.csv", HEAD + nem12(quality="V", events=events) + END, now)
    assert figures(report) == (48, 40, 8, 0, 0)
    assert report.missing == 8
    quality = stored(network)[1].quality[:44].tolist()
    assert [quality[n] for n in (0, 16, 20, 26, 36)] == [
        Quality.MEASURED, Quality.ESTIMATED_LINEAR, Quality.ESTIMATED_FLAT, Quality.ESTIMATED_LIKE_DAYS,
        Quality.MISSING,
    ]  # fmt: skip
    assert {(each["code"], each["quality"], each["values"]) for each in report.as_json()["codes"]} == {
        ("A", "measured", 20), ("S17", "estimated_linear", 4), ("E52", "estimated_flat", 6),
        ("S14/7", "estimated_like_days", 10), ("N", "missing", 8),
    }  # fmt: skip


def test_rounds_half_away_from_zero_what_has_more_places_and_counts_it(
    network: Network, now: datetime, tmp_path: Path
) -> None:
    values = ["0.1", "0.1005", "0.1004", "-0.1005", "0.1000004999"] + ["0"] * 43
    report = run(tmp_path / "a.csv", HEAD + nem12(values=values) + END, now)
    assert report.rounded == 4
    assert stored(network)[0].values[44:].tolist() == [100, 101, 100, -101]


def test_a_day_keeps_the_decimals_that_it_is_stored_with(
    network: Network, now: datetime, tmp_path: Path
) -> None:
    run(tmp_path / "a.csv", HEAD + nem12(values=["0.12"] * 48) + END, now, replace(NEM12, decimals=2))
    report = run(tmp_path / "b.csv", HEAD + nem12(values=["0.12"] * 47 + ["0.124"]) + END, now)
    assert (report.same, report.rounded) == (48, 1)
    # And so do new days beside it, so that no point changes its scale by a file.
    run(tmp_path / "c.csv", HEAD + nem12(day="20261230") + END, now)
    assert {
        day.decimals for day in point_days(reading_connection(), network.points[0], [date(2026, 12, 30)])
    } == {2}


def test_takes_the_multiplier_out_of_what_is_told_behind_it(
    network: Network, now: datetime, tmp_path: Path
) -> None:
    Installation.objects.filter(usage_point_id=network.points[0]).update(multiplier=40)
    report = run(tmp_path / "a.csv", HEAD + nem12(values=["5.000"] * 47 + ["5.001"]) + END, now)
    assert (report.accepted, report.rounded) == (48, 1)
    assert set(stored(network)[1].values[:44].tolist()) == {125}


def test_finds_points_by_a_file_by_aliases_by_codes_and_by_meters(
    network: Network, now: datetime, tmp_path: Path
) -> None:
    register_aliases("nmi", {"6102000001": "P1"}, by=SYSTEM, at=now)
    text = HEAD + nem12("6102000000") + nem12("6102000001") + nem12("P2")
    by_meter = nem12("OTHER", day="20261231").replace("M1", "202400000003")
    how = replace(NEM12, points={"6102000000": "P0"})
    report = run(tmp_path / "a.csv", text + by_meter + END, now, how)
    assert figures(report) == (192, 192, 0, 0, 0)
    assert [stored(network, point)[1].version for point in range(3)] == [1, 1, 1]


def test_a_meters_number_leads_nowhere_across_its_exchange(
    network: Network, now: datetime, tmp_path: Path
) -> None:
    # The last point's meter was put in at the midnight that this market day runs over.
    text = HEAD + nem12("OTHER", day="20261230").replace("M1", "202400000003") + END
    assert found(run(tmp_path / "a.csv", text, now)) == [(3, "UnknownUsagePoint", 48)]


def test_a_foreign_unit_answers_as_unknown(network: Network, now: datetime, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEAD + nem12() + END)
    elsewhere = Actor("person:1", "王五", (Grant(Role.CLERK, frozenset({network.unit + 1})),))
    report = import_exchange(path, NEM12, by=elsewhere, at=now)
    assert found(report) == [(3, "UnknownUsagePoint", 48)]
    assert report.as_json()["bad"][0]["values"] == {"usage_point": "P0"}
    with pytest.raises(NotPermitted):
        import_exchange(path, NEM12, by=replace(elsewhere, grants=()), at=now)


def test_takes_both_reads_of_nem13_once_and_passes_the_amount_over(
    network: Network, now: datetime, tmp_path: Path
) -> None:
    head = HEAD.replace("NEM12", "NEM13")
    text = head + nem13("P1", "100.0", "120.5") + nem13("P1", "7", "8", register="02") + END
    report = run(tmp_path / "a.csv", text, now, How(ExchangeFormat.NEM13))
    assert found(report) == [(3, "UnknownChannel", 2)]
    assert (report.accepted, report.passed_over) == (2, 2)
    midnight = datetime.fromisoformat("2026-12-30T00:00:00+08:00")
    ids = np.array(network.points)
    values = queries.register_values(reading_connection(), ids, [Register.TOTAL], midnight)
    assert values.digits[1].tolist() == [12_050]


def test_conflicts_of_registers_are_named_by_their_register(
    network: Network, now: datetime, tmp_path: Path
) -> None:
    head, how = HEAD.replace("NEM12", "NEM13"), How(ExchangeFormat.NEM13)
    run(tmp_path / "a.csv", head + nem13("P1", "100", "120.5") + END, now, how)
    report = run(tmp_path / "b.csv", head + nem13("P1", "100", "120.6") + END, now, how)
    assert [each["item"] for each in report.as_json()["conflicting"]] == ["TOTAL"]


def test_a_register_value_of_too_many_digits_is_refused(
    network: Network, now: datetime, tmp_path: Path
) -> None:
    head, how = HEAD.replace("NEM12", "NEM13"), How(ExchangeFormat.NEM13)
    text = head + nem13("P1", "100", "99999999999.5").replace("KWH", "GWH") + END
    report = run(tmp_path / "a.csv", text, now, how)
    assert found(report) == [(2, "BadValue", 2)]


def test_lists_no_more_lines_than_anyone_reads_and_counts_on(
    network: Network, now: datetime, tmp_path: Path
) -> None:
    body = "".join(f"300,{n}\r\n" for n in range(10_050))
    report = run(tmp_path / "a.csv", HEAD + nem12() + body + END, now).as_json()
    assert (len(report["bad"]), report["left_out"], report["bad_rows"]) == (10_000, 50, 10_050)


def test_a_file_of_another_format_is_one_bad_line(network: Network, now: datetime, tmp_path: Path) -> None:
    assert found(run(tmp_path / "a.csv", "time,value\n", now)) == [(1, "NotNem", 1)]


def test_takes_an_interchange_of_mscons(network: Network, now: datetime) -> None:
    path = GOLDEN / "mscons.edi"
    points = {"DE0001234567890123456789012345678": "P0", "DE0009999567890123456789012345678": "P1"}
    how = How(told_format(path), points=points)
    report = import_exchange(path, how, by=SYSTEM, at=now)
    assert figures(report) == (8, 6, 0, 0, 2)
    assert [each["values"]["code"] for each in report.as_json()["bad"]] == ["1-0:1.9.0", "7-10:99.33.17"]
    # 00:15 at UTC is 08:15 at +08:00.
    day = point_days(reading_connection(), network.points[0], [date(2026, 10, 24)])[0]
    assert day.values[32:35].tolist() == [4_250, 4_375, 5_000]
    assert day.quality[32:35].tolist() == [
        Quality.MEASURED, Quality.ESTIMATED_FLAT, Quality.PROVISIONAL,
    ]  # fmt: skip
