"""What is stored goes out in every format and comes in again as the same."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.test import override_settings

from metering.conftest import DAY, MIDNIGHT, Network
from mingdu.base.actors import SYSTEM, Actor, Grant
from mingdu.base.database import reading_connection
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.core.clock import day_number
from mingdu.core.quality import Quality
from mingdu.core.registers import Channel, Register
from mingdu.metering.exchange import ExchangeFormat
from mingdu.metering.models import Installation
from mingdu.metering.operations import How, accept_readings, import_exchange, told_format
from mingdu.metering.queries import Export, export_exchange
from mingdu.metering.queries.export_exchange import CHOSEN, local_time
from mingdu.metering.readings import CurveColumns, ReadingBatch, RegisterColumns, Source
from mingdu.metering.store.point_days import point_days
from mingdu.wire.exchange.green_button.local_time import moment_of

pytestmark = pytest.mark.database

FORMATS = list(CHOSEN)
SPAN = date(2026, 12, 1), date(2027, 1, 1)
METHODS = (Quality.ESTIMATED_LINEAR, Quality.ESTIMATED_LIKE_DAYS, Quality.ESTIMATED_FLAT)
MARKS = (Quality.MEASURED, *METHODS, Quality.EDITED, Quality.PROVISIONAL, Quality.MISSING)


def a_day(
    network: Network, channel: Channel, *, minutes: int = 15, decimals: int | None = None, offset: int = 0
) -> ReadingBatch:
    """One day of one channel of the first point, with every quality but suspect in its hours."""
    count = 1440 // minutes
    values = np.arange(count, dtype=np.int64)[np.newaxis] + 100
    quality = np.array(MARKS, dtype=np.uint8)[np.arange(count) * minutes // 60 % len(MARKS)][np.newaxis]
    curves = CurveColumns(
        np.array(network.points[:1]),
        np.array([day_number(DAY) + offset]),
        np.array([int(channel)]),
        np.where(quality == Quality.MISSING, 0, values),
        quality,
        None if decimals is None else np.array([decimals]),
    )
    return ReadingBatch(Source.FILE, network.evidence, curves)


def registers(network: Network) -> ReadingBatch:
    codes = [*Register][:19]
    assert Register.DEMAND in codes
    count = len(codes)
    readings = RegisterColumns(
        np.full(count, network.points[0]), np.zeros(count, dtype=np.int64), np.array(codes),
        np.full(count, np.datetime64(MIDNIGHT.replace(tzinfo=None), "us")),
        np.arange(count, dtype=np.int64) + 4_711, np.zeros(count, dtype=np.uint8),
    )  # fmt: skip
    return ReadingBatch(Source.FILE, network.evidence, registers=readings)


@pytest.fixture
def filled(network: Network, now: datetime) -> Network:
    """Days of every channel, of two intervals and scales, and most registers."""
    batches = [a_day(network, channel) for channel in Channel if channel is not Channel.STATUS]
    batches += [
        a_day(network, Channel.IMPORT, minutes=30, decimals=3, offset=-1),
        a_day(network, Channel.IMPORT, offset=-2),
        registers(network),
    ]
    for batch in batches:
        assert not accept_readings(batch, by=SYSTEM, at=now).bad
    return network


def written(path: Path, format_: ExchangeFormat, now: datetime, minutes: int | None = None) -> Export:
    export = Export(format_, *SPAN, minutes)
    path.write_bytes(b"".join(export_exchange(SYSTEM, export, now)))
    return export


@pytest.mark.parametrize("format_", FORMATS)
def test_what_was_exported_comes_in_again_as_the_same(
    format_: ExchangeFormat, filled: Network, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "a"
    export = written(path, format_, now)
    assert told_format(path) is format_
    report = import_exchange(path, How(format_), by=SYSTEM, at=now)
    said = report.as_json()
    assert (said["accepted"], said["conflicts"], said["bad"], said["rounded"]) == (0, 0, [], 0)
    assert export.written.values == report.same - report.missing
    assert export.written.left_out == 0


@pytest.mark.parametrize("format_", FORMATS)
def test_comes_into_an_empty_house_as_it_was(
    format_: ExchangeFormat, filled: Network, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "a"
    written(path, format_, now)
    # Another point takes the file, as another house would.
    how = How(format_, points={"P0": "P1"})
    report = import_exchange(path, how, by=SYSTEM, at=now)
    assert report.accepted == report.rows - report.missing
    here, there = (point_days(reading_connection(), point, [DAY])[0] for point in filled.points[:2])
    assert there.values.tolist() == [value * 10 ** (there.decimals - 2) for value in here.values.tolist()]
    measured = here.quality == Quality.MEASURED
    assert np.array_equal(there.quality == Quality.MEASURED, measured)
    assert np.array_equal(there.quality == Quality.MISSING, here.quality == Quality.MISSING)


def test_green_button_and_meter_readings_hold_what_nem12_has_no_word_for(
    filled: Network, now: datetime, tmp_path: Path
) -> None:
    counts = {each: written(tmp_path / "a", each, now).written.values for each in FORMATS}
    assert (
        counts[ExchangeFormat.NEM12] < counts[ExchangeFormat.GREEN_BUTTON] < counts[ExchangeFormat.IEC61968]
    )


@pytest.mark.parametrize("format_", FORMATS)
def test_writes_one_interval_alone(
    format_: ExchangeFormat, filled: Network, now: datetime, tmp_path: Path
) -> None:
    alone = written(tmp_path / "a", format_, now, 30).written.values
    assert 0 < alone < written(tmp_path / "b", format_, now).written.values


def test_nem12_tells_the_energy_behind_the_multiplier(filled: Network, now: datetime, tmp_path: Path) -> None:
    Installation.objects.filter(usage_point_id=filled.points[0]).update(multiplier=40)
    written(tmp_path / "a", ExchangeFormat.NEM12, now)
    # 00:00 at +08:00 is 02:00 at +10:00: one kilowatt-hour shown is forty.
    line = next(line for line in (tmp_path / "a").read_text().splitlines() if line.startswith("300,20261228"))
    assert line.split(",")[2 + 8] == "40.000"
    again = import_exchange(tmp_path / "a", How(ExchangeFormat.NEM12), by=SYSTEM, at=now)
    assert (again.accepted, again.rounded, again.is_clean) == (0, 0, True)


def test_a_suspect_value_is_left_out_of_nem12_and_counted(
    network: Network, now: datetime, tmp_path: Path
) -> None:
    batch = a_day(network, Channel.IMPORT)
    batch.curves.quality[0, :4] = Quality.SUSPECT
    accept_readings(batch, by=SYSTEM, at=now)
    export = written(tmp_path / "a", ExchangeFormat.NEM12, now)
    assert export.written.left_out == 4
    for format_ in (ExchangeFormat.GREEN_BUTTON, ExchangeFormat.IEC61968):
        written(tmp_path / "b", format_, now)
        assert import_exchange(tmp_path / "b", How(format_), by=SYSTEM, at=now).accepted == 0


@pytest.mark.parametrize("format_", FORMATS)
def test_shows_only_points_of_the_actors_units(
    format_: ExchangeFormat, filled: Network, now: datetime
) -> None:
    export = Export(format_, *SPAN)
    elsewhere = Actor("person:1", "王五", (Grant(Role.CLERK, frozenset({filled.unit + 1})),))
    assert b"P0" not in b"".join(export_exchange(elsewhere, export, now))
    with pytest.raises(NotPermitted):
        b"".join(export_exchange(Actor("person:2", "李四"), export, now))


def test_a_feed_has_the_same_names_again(filled: Network, now: datetime, tmp_path: Path) -> None:
    for name in ("a", "b"):
        written(tmp_path / name, ExchangeFormat.GREEN_BUTTON, now)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Sydney"])
def test_a_feed_tells_when_the_clocks_change_in_its_year(zone: str) -> None:
    with override_settings(TIME_ZONE=zone):
        rule = local_time(date(2026, 6, 1))
    year = np.arange(
        np.datetime64("2026-01-01T00:30:00"), np.datetime64("2027-01-01"), np.timedelta64(1, "h")
    )

    here = ZoneInfo(zone)
    shown = [each.replace(tzinfo=UTC).astimezone(here).utcoffset() or timedelta() for each in year.tolist()]
    told = rule.offsets(year.astype("datetime64[s]").astype(np.int64))
    assert told.tolist() == [int(each.total_seconds()) // 60 for each in shown]
    assert moment_of(rule.summer_start, 2026) != moment_of(rule.summer_end, 2026)


def test_a_zone_without_summer_time_has_no_rule() -> None:
    assert local_time(date(2026, 6, 1)).summer_seconds == 0
