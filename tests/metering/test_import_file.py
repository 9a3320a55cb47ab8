"""Files of readings: three forms, every named error, twice the same, and nothing by a dry run."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mingdu.base.actors import SYSTEM, Actor, Grant
from mingdu.base.database import reading_connection
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.core.quality import Quality
from mingdu.core.registers import Register
from mingdu.metering import queries
from mingdu.metering.imports.report import ImportReport
from mingdu.metering.models import Evidence, ReadingConflict
from mingdu.metering.operations import Form, UnknownFormat, import_file, register_network
from mingdu.town.files import write_town
from mingdu.town.model import Town
from mingdu.town.registry import registry_of

pytestmark = pytest.mark.database

LONG = "usage_point,channel|register,time,value,unit,quality\n"
WIDE = "usage_point,channel,day,unit," + ",".join(f"p{n}" for n in range(1, 97)) + "\n"
REGISTERS = "usage_point,time,unit,TOTAL,PEAK,REACTIVE_FORWARD,DEMAND\n"
DAY = date(2026, 12, 30)


def run(path: Path, text: str, now: datetime, **options: Any) -> ImportReport:
    path.write_text(text, encoding="utf-8")
    return import_file(path, by=SYSTEM, at=now, **options)


def found(report: ImportReport) -> list[tuple[int, str]]:
    return [(bad["line"], bad["error"]) for bad in report.as_json()["bad"]]


def curve(network: Any, point: int = 0) -> Any:
    ids = np.array(network.points)
    return queries.curves(reading_connection(), ids, DAY, 1).values[point, 0]


def test_takes_a_long_file_of_channels_and_registers(network: Any, now: datetime, tmp_path: Path) -> None:
    text = LONG + (
        "P0,IMPORT,2026-12-30T00:00:00+08:00,0.25,kWh,measured\n"
        "P0,import,2026-12-30 00:15,250,Wh,\n"
        "P0,TOTAL,2026-12-30T00:00:00+08:00,6538.47,kWh,measured\n"
        "P1,DEMAND,2026-12-29T16:00:00Z,1.2345,kW,provisional\n"
        "P1,REACTIVE_FORWARD,2026-12-30T00:00,7.1,kvarh,edited\n"
        "P1,IMPORT,2026-12-30T00:30,,kWh,missing\n"
    )
    report = run(tmp_path / "a.csv", text, now)
    assert report.as_json() == {"rows": 6, "accepted": 5, "same": 1, "conflicts": 0, "bad": []}
    assert curve(network)[:3].tolist() == [25, 25, 0]
    registers = [Register.TOTAL, Register.DEMAND, Register.REACTIVE_FORWARD]
    midnight = datetime.fromisoformat("2026-12-30T00:00:00+08:00")
    values = queries.register_values(reading_connection(), np.array(network.points), registers, midnight)
    assert values.digits[0].tolist() == [653_847, 0, 0]
    assert values.digits[1].tolist() == [0, 12_345, 710]
    assert values.quality[1].tolist() == [Quality.MISSING, Quality.PROVISIONAL, Quality.EDITED]


@pytest.mark.parametrize("second", ["channel", "register", "channel|register"])
def test_knows_the_long_form_by_any_second_name(
    network: Any, now: datetime, tmp_path: Path, second: str
) -> None:
    text = LONG.replace("channel|register", second) + "P0,TOTAL,2026-12-30T00:00+08:00,1.00,kWh,\r\n"
    assert run(tmp_path / "a.csv", "\ufeff" + text, now).accepted == 1


def test_names_every_bad_line_and_takes_the_others(network: Any, now: datetime, tmp_path: Path) -> None:
    lines = {
        2: ("P0,TOTAL,2026-12-30T00:00+08:00,1.00,kWh,measured", None),
        3: ("P0,TOTAL,2026-12-30T00:00+08:00,1.00,kWh", "BrokenRow"),
        4: ("nobody,TOTAL,2026-12-30T00:00+08:00,1.00,kWh,measured", "UnknownUsagePoint"),
        5: ("P0,NOON,2026-12-30T00:00+08:00,1.00,kWh,measured", "UnknownChannel"),
        6: ("P0,TOTAL,yesterday,1.00,kWh,measured", "BadTime"),
        7: ("P0,TOTAL,0001-01-01T00:00,1.00,kWh,measured", "BadTime"),
        8: ("P0,IMPORT,2026-12-30T00:07+08:00,1.00,kWh,measured", "BadTime"),
        9: ("P0,TOTAL,2026-12-30T00:00+08:00,1.00,kvarh,measured", "UnknownUnit"),
        10: ("P0,TOTAL,2026-12-30T00:00+08:00,1.00,kWh,guessed", "UnknownQuality"),
        11: ("P0,TOTAL,2026-12-30T00:00+08:00,1.005,kWh,measured", "BadValue"),
        12: ("P0,TOTAL,2026-12-30T00:00+08:00,,kWh,measured", "BadValue"),
        13: ("P0,TOTAL,2026-12-30T00:00+08:00,1.2.3,kWh,measured", "BadValue"),
        14: ("P0,TOTAL,2026-12-30T00:00+08:00,12345678901234567890,kWh,measured", "BadValue"),
        15: ("P0,IMPORT,2026-12-30T00:00+08:00,99999999,kWh,measured", "BadValue"),
        16: ("P0,IMPORT,2027-01-30T00:00+08:00,1.00,kWh,measured", "FutureReading"),
        17: ("P0,TOTAL,2027-01-30T00:00+08:00,1.00,kWh,measured", "FutureReading"),
        18: ("P0,TOTAL,2025-11-20T00:00+08:00,1.00,kWh,measured", "NotInstalled"),
        19: ("P0,IMPORT,2024-11-20T00:00+08:00,1.00,kWh,measured", "OutsideStorage"),
        20: ("P0,TOTAL,2026-12-30T00:00+08:00,9999999.00,kWh,measured", "BadValue"),
        21: ("", None),
        22: ("P1,IMPORT,2026-12-30T00:00+08:00,-0.02,kWh,measured", None),
        23: ("P0,TOTAL,2026-12-30T00:00+08:00,one,kWh,measured", "BadValue"),
    }
    report = run(tmp_path / "a.csv", LONG + "\n".join(text for text, _ in lines.values()) + "\n", now)
    assert found(report) == [(line, error) for line, (_, error) in lines.items() if error]
    assert (report.rows, report.accepted, report.same) == (21, 2, 0)
    assert not report.is_clean
    values = {bad["line"]: bad["values"] for bad in report.as_json()["bad"]}
    assert values[4] == {"usage_point": "nobody"}
    assert curve(network, 1)[0] == -2


def test_the_same_file_again_changes_nothing(network: Any, now: datetime, tmp_path: Path) -> None:
    text = WIDE + "P0,IMPORT,2026-12-30,kWh," + ",".join(["0.25"] * 95) + ",\n"
    assert run(tmp_path / "a.csv", text, now).accepted == 1
    again = run(tmp_path / "a.csv", text, now)
    assert again.as_json() == {"rows": 1, "accepted": 0, "same": 1, "conflicts": 0, "bad": []}
    assert Evidence.objects.filter(kind="file", sha256__gt="").count() == 1


def test_counts_a_line_in_conflict(network: Any, now: datetime, tmp_path: Path) -> None:
    line = "P0,TOTAL,2026-12-30T00:00+08:00,{},kWh,\n"
    report = run(tmp_path / "a.csv", LONG + line.format("1.00") + line.format("2.00"), now)
    assert (report.accepted, report.conflicts) == (1, 1)
    assert ReadingConflict.objects.get().offered_digits == 200


def test_takes_wide_curves_and_names_bad_lines(network: Any, now: datetime, tmp_path: Path) -> None:
    good, wrong = ",".join(["0.10"] * 96), ",".join(["0.10"] * 95 + ["x"])
    lines = [
        f"P0,IMPORT,2026-12-30,kWh,{good}",
        f"P9,IMPORT,2026-12-30,kWh,{good}",
        f"P0,SIDEWAYS,2026-12-30,kWh,{good}",
        f"P0,IMPORT,30.12.2026,kWh,{good}",
        f"P0,IMPORT,2026-12-30,steam,{good}",
        f"P0,IMPORT,2026-12-30,kWh,{wrong}",
        f"P0,IMPORT,2027-01-20,kWh,{good}",
        f"P0,IMPORT,2026-12-30,kWh,{good},7",
        f'"P1","IMPORT","2026-12-30","Wh",{good.replace("0.10", "100")}',
        "P2,IMPORT,2026-12-30,kWh," + "," * 95,
    ]
    report = run(tmp_path / "a.csv", WIDE + "\n".join(lines), now)
    assert found(report) == [
        (3, "UnknownUsagePoint"), (4, "UnknownChannel"), (5, "BadTime"), (6, "UnknownUnit"), (7, "BadValue"),
        (8, "FutureReading"), (9, "BrokenRow"),
    ]  # fmt: skip
    assert (report.rows, report.accepted, report.same) == (10, 2, 1)
    assert curve(network, 0).tolist() == curve(network, 1).tolist() == [10] * 96
    assert report.as_json()["bad"][4]["values"] == {"column": "p96", "value": "x"}


def test_takes_wide_registers_and_names_bad_lines(network: Any, now: datetime, tmp_path: Path) -> None:
    lines = [
        "P0,2026-12-30T00:00:00+08:00,kWh,100.00,50.00,,",
        "P1,2026-12-30T00:00:00+08:00,kWh,200.00,,7.00,1.2345",
        "P9,2026-12-30T00:00:00+08:00,kWh,200.00,,,",
        "P1,noon,kWh,200.00,,,",
        "P1,2026-12-30T00:00:00+08:00,MWh,200.00,,,",
        "P1,2026-12-30T00:00:00+08:00,kWh,2OO.00,,,",
        "P1,2025-11-30T00:00:00+08:00,kWh,1.00,2.00,,",
    ]
    report = run(tmp_path / "a.csv", REGISTERS + "\n".join(lines), now)
    assert found(report) == [
        (4, "UnknownUsagePoint"), (5, "BadTime"), (6, "UnknownUnit"), (7, "BadValue"), (8, "NotInstalled"),
    ]  # fmt: skip
    assert (report.rows, report.accepted) == (7, 2)


def test_a_dry_run_tells_and_writes_nothing(network: Any, now: datetime, tmp_path: Path) -> None:
    text = LONG + "P0,TOTAL,2026-12-30T00:00+08:00,1.00,kWh,\nP9,TOTAL,2026-12-30T00:00+08:00,1.00,kWh,\n"
    report = run(tmp_path / "a.csv", text, now, dry_run=True)
    assert (report.accepted, found(report)) == (1, [(3, "UnknownUsagePoint")])
    assert Evidence.objects.count() == 1
    assert run(tmp_path / "a.csv", text, now).accepted == 1


def test_refuses_an_unknown_header_or_another_form(network: Any, now: datetime, tmp_path: Path) -> None:
    with pytest.raises(UnknownFormat):
        run(tmp_path / "a.csv", "meter,reading\n1,2\n", now)
    with pytest.raises(UnknownFormat):
        run(tmp_path / "a.csv", LONG, now, form=Form.CURVES)
    assert run(tmp_path / "a.csv", LONG, now, form=Form.LONG).rows == 0
    clerk_of_money = Actor("person:9", "收费员", (Grant(Role.CASHIER),))
    with pytest.raises(NotPermitted):
        import_file(tmp_path / "a.csv", by=clerk_of_money, at=now)


def test_answers_for_a_foreign_point_by_its_code(network: Any, now: datetime, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(LONG + "P0,TOTAL,2026-12-30T00:00+08:00,1.00,kWh,\n")
    reader = Actor("person:3", "抄表员", (Grant(Role.READER, frozenset({network.unit + 1})),))
    report = import_file(path, by=reader, at=now)
    assert report.as_json()["bad"] == [
        {"line": 2, "error": "UnknownUsagePoint", "values": {"usage_point": "P0"}}
    ]


def test_takes_the_history_of_a_town_as_its_meters_hold_it(
    database: str, now: datetime, tmp_path: Path
) -> None:
    town = Town(3, 12, date(2026, 12, 1), date(2026, 12, 31))
    write_town(town, tmp_path)
    register_network(registry_of(town), by=SYSTEM, at=now)
    for path in sorted(tmp_path.glob("*.csv")):
        report = import_file(path, by=SYSTEM, at=now)
        assert report.is_clean
        assert report.rows == report.accepted + report.same
    conn = reading_connection()
    ids = queries.points(conn).ids[:12]
    block = queries.curves(conn, ids, date(2026, 12, 1), 28)
    recorded = town.curves(slice(1, 13), date(2026, 12, 1), 28)
    assert (block.values == recorded.digits).all()
    assert ((block.quality == Quality.MISSING) == recorded.missing).all()
