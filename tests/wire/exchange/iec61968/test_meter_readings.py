from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingdu.wire.exchange.iec61968.qualities import mark_of
from mingdu.wire.exchange.iec61968.read import NoReadings, read_meter_readings
from mingdu.wire.exchange.iec61968.reading_type import BadReadingType, read_type, write_type
from mingdu.wire.exchange.iec61968.write import Unwritable, write_meter_readings
from mingdu.wire.exchange.series import BadRecord, Block, Kind, Mark, Shape, blocks_of, faults_of
from tables import worked_cases
from wire.exchange.blocks import some_block
from wire.exchange.files import damaged, golden, pieces_of

RAW = golden("meter_readings.xml")


def read(raw: bytes) -> list[Block | BadRecord]:
    return list(read_meter_readings(pieces_of(raw, 300)))


@pytest.mark.parametrize("case", worked_cases("exchange/reading_types"), ids=lambda case: case["code"])
def test_a_reading_type_says_what_the_standard_says(case: dict[str, str]) -> None:
    kind = read_type(case["code"], line=1)
    assert (kind.kind.value, kind.unit, str(kind.power)) == (case["kind"], case["unit"], case["power"])
    assert (kind.shape.value, str(kind.interval_minutes or "")) == (case["shape"], case["interval_minutes"])
    assert (kind.phase, kind.tariff, kind.code) == (case["phase"], case["tariff"], case["code"])


@pytest.mark.parametrize(
    "code", ["", "3.0.129.160", "0." * 17 + "x", "0." * 15 + "99.72.0", "0." * 17 + "9999999"]
)
def test_refuses_a_code_that_is_no_reading_type(code: str) -> None:
    with pytest.raises(BadReadingType):
        read_type(code, line=4)


def test_what_is_written_as_a_code_reads_back() -> None:
    for kind in (Kind.ACTIVE_EXPORT, Kind.REACTIVE_Q4):
        unit = "Wh" if kind is Kind.ACTIVE_EXPORT else "varh"
        channel = some_block([1], 0, kind=kind, unit=unit, phase="C").channel
        again = read_type(write_type(replace(channel, register="3"), 3), line=1)
        assert (again.kind, again.unit, again.phase, again.tariff) == (kind, unit, "C", "3")


def test_a_message_becomes_blocks_with_the_meter_that_stands_behind_them() -> None:
    intervals, register, volts, period = blocks_of(read(RAW))
    assert {(each.channel.point, each.channel.meter) for each in (intervals, register, volts, period)} == {
        ("UP-1", "METER0042")
    }
    assert (list(intervals.digits), intervals.exponent) == ([250, 375], 0)
    assert list(intervals.local) == [np.datetime64("2026-10-25T00:00"), np.datetime64("2026-10-25T00:15")]
    assert list(intervals.quality) == [Mark.MEASURED, Mark.ESTIMATED]
    assert list(intervals.codes) == ["", "1.0.0 2.8.4"]
    assert list(intervals.lines) == [7, 8]
    assert (list(register.digits), register.exponent, register.channel.register) == ([1234567], 1, "2")
    assert (volts.channel.kind, volts.channel.phase) == (Kind.VOLTAGE, "A")
    assert (period.channel.kind, period.channel.shape) == (Kind.ACTIVE_EXPORT, Shape.PERIOD)
    assert period.ends_at is not None
    assert period.ends_at[0] - period.starts_at[0] == np.timedelta64(31, "D")


def test_a_meter_without_names_or_a_point_is_known_by_what_there_is() -> None:
    raw = RAW.replace(b"<m:UsagePoint><m:mRID>UP-1</m:mRID></m:UsagePoint>", b"")
    raw = raw.replace(b"<m:Names><m:name>METER0042</m:name></m:Names>", b"")
    channel = blocks_of(read(raw))[0].channel
    assert (channel.point, channel.meter) == ("", "9f1")


def test_the_gravest_quality_counts() -> None:
    assert mark_of([]) is mark_of(["1.0.0"]) is Mark.MEASURED
    assert mark_of(["1.0.0", "3.8.1", "3.7.0"]) is Mark.EDITED
    assert mark_of(["1.0.0", "nonsense"]) is mark_of(["1.99.0"]) is Mark.SUSPECT


@pytest.mark.parametrize(
    ("old", "new", "name", "line"),
    [
        (b">0.250<", b">0,250<", "BadNumber", 7),
        (b"2026-10-25T00:30:00+08:00", b"2026-10-25T00:30:00", "BadReading", 8),
        (b"2026-10-25T00:30:00+08:00", b"half past", "BadReading", 8),
        (b"2026-10-25T00:30:00+08:00", b"0001-01-01T00:00:00+08:00", "BadReading", 8),
        (b"0.0.2.4.1.1.12.0.0.0.0.0.0.0.0.3.72.0", b"0.0.2", "BadReadingType", 6),
        (b"0.0.0.1.1.1.12.0.0.0.0.2.0.0.0.3.72.0", b"0.0.2", "BadReadingType", 12),
        (b"<m:timePeriod><m:end>", b"<m:timePeriod><m:end>x", "BadReading", 14),
        (b">0.250<", b">999999999999999999<", "BadNumber", 7),
    ],
)
def test_a_fault_does_not_stop_the_rest(old: bytes, new: bytes, name: str, line: int) -> None:
    pieces = read(RAW.replace(old, new))
    assert [(fault.name, fault.line) for fault in faults_of(pieces)] == [(name, line)]
    assert len(blocks_of(pieces)) >= 3


def test_refuses_a_file_of_another_namespace() -> None:
    with pytest.raises(NoReadings):
        read(RAW.replace(b"2011/MeterReadings", b"2007/MeterReadings"))


@given(
    st.lists(st.integers(-(10**11), 10**11), min_size=1, max_size=20),
    st.integers(-6, 4),
    st.sampled_from(list(Shape)),
)
@settings(max_examples=40, deadline=None)
def test_blocks_come_back_without_loss(digits: list[int], exponent: int, shape: Shape) -> None:
    block = some_block(digits, exponent, shape=shape)
    if shape is Shape.MOMENT:
        block = some_block(digits, exponent, shape=shape, kind=Kind.DEMAND, unit="W")
    pieces = list(read_meter_readings(write_meter_readings([block])))
    (again,) = blocks_of(pieces)
    assert faults_of(pieces) == []
    assert [int(each) for each in again.digits] == [
        each * 10 ** (exponent - again.exponent) for each in digits
    ]
    assert np.array_equal(again.starts_at, block.starts_at)
    assert np.array_equal(again.local, block.local)
    assert (again.channel.point, again.channel.meter, again.channel.kind) == (
        "0530100042",
        "M1",
        block.channel.kind,
    )
    assert (again.channel.shape, again.channel.interval_minutes) == (shape, block.channel.interval_minutes)
    assert (again.ends_at is None) == (block.ends_at is None)


def test_marks_and_codes_come_back() -> None:
    marks = [Mark.MEASURED, Mark.ESTIMATED, Mark.EDITED, Mark.PROVISIONAL, Mark.SUSPECT, Mark.MISSING]
    codes = ["5.0.0 1.4.1", "A", "3.7.9", "", "", ""]
    block = replace(some_block([1] * 6, 0), quality=np.array(marks, np.uint8), codes=np.array(codes))
    (again,) = blocks_of(list(read_meter_readings(write_meter_readings([block]))))
    assert list(again.quality) == marks[:5]
    assert list(again.codes) == ["5.0.0 1.4.1", "3.8.0", "3.7.9", "3.12.0", "3.10.0"]


def test_refuses_what_the_format_cannot_hold() -> None:
    good = some_block([1], 0)
    odd_interval = replace(good, channel=replace(good.channel, interval_minutes=7))
    for block in (
        replace(good, offset_minutes=None),
        replace(good, exponent=-7),
        some_block([1], 0, unit="m3"),
        odd_interval,
    ):
        with pytest.raises(Unwritable):
            list(write_meter_readings([block]))


@given(damaged(RAW))
@settings(max_examples=100, deadline=None)
def test_damage_raises_only_named_faults(raw: bytes) -> None:
    try:
        read(raw)
    except BadRecord as fault:
        assert fault.line >= 1
