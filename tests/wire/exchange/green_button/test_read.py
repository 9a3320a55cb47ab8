from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingdu.wire.exchange.green_button.local_time import LocalTime, moment_of
from mingdu.wire.exchange.green_button.read import MOST_WAITING, NotFeed, read_feed
from mingdu.wire.exchange.series import BadRecord, Block, Kind, Mark, Shape, blocks_of, faults_of
from wire.exchange.files import damaged, golden, pieces_of

RAW = golden("green_button.xml")
EASTERN = LocalTime(-18000, 3600, "360E2000", "B40E2000")
SYDNEY = LocalTime(36000, 3600, "A20E2000", "420E3000")


def read(raw: bytes) -> list[Block | BadRecord]:
    return list(read_feed(pieces_of(raw, 500)))


def test_a_feed_becomes_a_block_although_its_type_comes_last() -> None:
    (block,) = blocks_of(read(RAW))
    channel = block.channel
    assert (channel.point, channel.kind, channel.unit) == ("Front Street 1", Kind.ACTIVE_IMPORT, "Wh")
    assert (channel.shape, channel.interval_minutes) == (Shape.INTERVAL, 60)
    assert (list(block.digits), block.exponent) == ([3450, 3460, 3470, -1], -3)
    assert list(block.quality) == [Mark.MEASURED, Mark.MEASURED, Mark.ESTIMATED, Mark.MEASURED]
    assert list(block.codes) == ["17", "17", "8", "17"]
    assert list(block.lines) == [19, 20, 21, 22]


def test_local_time_repeats_an_hour_where_summer_ends() -> None:
    (block,) = blocks_of(read(RAW))
    assert block.offset_minutes is not None
    assert list(block.offset_minutes) == [-240, -240, -300, -300]
    assert [str(each)[11:16] for each in block.local] == ["00:00", "01:00", "01:00", "02:00"]


@pytest.mark.parametrize(("rule", "name"), [(EASTERN, "America/New_York"), (SYDNEY, "Australia/Sydney")])
@given(st.integers(1_200_000_000, 2_000_000_000))
@settings(deadline=None)
def test_rules_agree_with_the_zone_database(rule: LocalTime, name: str, second: int) -> None:
    known = dt.datetime.fromtimestamp(second, ZoneInfo(name)).utcoffset()
    assert known is not None
    assert rule.offsets(np.array([second]))[0] == known.total_seconds() // 60


@pytest.mark.parametrize(
    ("rule", "day"),
    [
        ("30500000", "2026-03-05"),  # the 5th
        ("325E0000", "2026-03-08"),  # Sunday on or after the 5th
        ("360E2000", "2026-03-08"),  # second Sunday
        ("3E0E2000", "2026-03-29"),  # last Sunday
        ("340E2000", "2026-03-01"),  # first Sunday
    ],
)
def test_a_rule_strikes_on_its_day(rule: str, day: str) -> None:
    assert dt.datetime.fromtimestamp(moment_of(rule, 2026), dt.UTC).date().isoformat() == day


def test_refuses_a_rule_of_no_month_or_no_day_of_the_week() -> None:
    for rule in ("00000000", "36002000"):
        with pytest.raises(ValueError, match=r"month|day"):
            moment_of(rule, 2026)


@pytest.mark.parametrize(
    ("old", "new", "name", "line"),
    [
        (b"<value>3450<", b"<value>3.5<", "BadReading", 19),
        (b"<start>1793509200</start></timePeriod>", b"</timePeriod>", "BadReading", 20),
        (
            b"<duration>3600</duration><start>1793509200",
            b"<duration>60</duration><start>1793509200",
            "BadReading",
            20,
        ),
        (b"<uom>72", b"<uom>seventy", "BadReading", 26),
        (b"<tzOffset>-18000", b"<tzOffset>-1800000", "BadReading", 11),
        (b"360E2000", b"360E20", "BadReading", 11),
        (b"360E2000", b"060E2000", "BadReading", 19),
        (b'/r/ReadingType/7"/><title>', b'/r/ReadingType/8"/><title>', "UnknownLink", 18),
    ],
)
def test_a_fault_has_its_name_and_line(old: bytes, new: bytes, name: str, line: int) -> None:
    faults = faults_of(read(RAW.replace(old, new)))
    assert (name, line) in [(fault.name, fault.line) for fault in faults]


def test_a_bad_reading_does_not_stop_its_block() -> None:
    (block,) = blocks_of(read(RAW.replace(b"<value>3450<", b"<value>none<")))
    assert list(block.digits) == [3460, 3470, -1]
    assert blocks_of(read(RAW.replace(b"<value>", b"<v>").replace(b"</value>", b"</v>"))) == []


def test_registers_periods_and_unknown_units() -> None:
    register, period, other = (
        blocks_of(read(RAW.replace(old, new)))[0]
        for old, new in [
            (b"<accumulationBehaviour>4", b"<accumulationBehaviour>1"),
            (b"<intervalLength>3600", b"<intervalLength>86400"),
            (b"<uom>72", b"<uom>169"),
        ]
    )
    assert (register.channel.shape, register.channel.interval_minutes) == (Shape.REGISTER, None)
    assert period.channel.shape is Shape.PERIOD
    assert period.ends_at is not None
    assert list(period.ends_at - period.starts_at) == [np.timedelta64(3600, "s")] * 4
    assert (other.channel.kind, other.channel.code) == (Kind.OTHER, "12.1.169")


def test_other_resources_are_passed_over_and_an_absent_length_is_none() -> None:
    raw = RAW.replace(
        b"</feed>", b'<entry><content><UsageSummary xmlns="http://naesb.org/espi"/></content></entry></feed>'
    )
    (block,) = blocks_of(read(raw.replace(b"<intervalLength>3600</intervalLength>", b"")))
    assert faults_of(read(raw)) == []
    assert block.channel.shape is Shape.PERIOD


def test_refuses_a_file_without_entries() -> None:
    with pytest.raises(NotFeed):
        read(b"<html/>")


def test_readings_without_a_usage_point_are_kept_and_without_a_type_bounded() -> None:
    (block,) = blocks_of(
        read(
            RAW.replace(
                b'"related" href="/r/UsagePoint/1/MeterReading"', b'"related" href="/r/elsewhere"'
            ).replace(b'"up" href="/r/UsagePoint/1/MeterReading"', b'"up" href="/r/nowhere"')
        )
    )
    assert block.channel.point == ""
    readings = b"<IntervalReading/>" * (MOST_WAITING + 1)
    faults = faults_of(read(RAW.replace(b"</IntervalBlock>", readings + b"</IntervalBlock>")))
    assert ("UnknownLink", 18) in [(fault.name, fault.line) for fault in faults]


@given(damaged(RAW))
@settings(max_examples=100, deadline=None)
def test_damage_raises_only_named_faults(raw: bytes) -> None:
    try:
        read(raw)
    except BadRecord as fault:
        assert fault.line >= 1


def long_feed(blocks: int) -> Iterator[bytes]:
    head, rest = RAW.split(b"<entry><id>urn:uuid:5")
    entry, tail = rest.split(b"<entry><id>urn:uuid:4")
    yield head + b"<entry><id>urn:uuid:4" + tail.removesuffix(b"</feed>\n")
    for _ in range(blocks):
        yield b"<entry><id>urn:uuid:5" + entry
    yield b"</feed>"


def test_a_feed_whose_type_comes_first_is_read_block_by_block() -> None:
    assert sum(len(piece) for piece in read_feed(long_feed(50)) if isinstance(piece, Block)) == 200
