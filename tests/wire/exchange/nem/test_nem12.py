from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingdu.core.quality import Quality
from mingdu.wire.exchange.lines import LineTooLong
from mingdu.wire.exchange.nem.blocks import NoMethod, NotWholeDays, block_days, details_for, read_nem
from mingdu.wire.exchange.nem.read import NotNem, read_records
from mingdu.wire.exchange.nem.records import Day, Details, End, Header
from mingdu.wire.exchange.nem.write import Unwritable, write_records
from mingdu.wire.exchange.numbers import read_numbers
from mingdu.wire.exchange.series import BadRecord, Block, Kind, Mark, Shape, blocks_of, faults_of
from wire.exchange.files import damaged, golden, pieces_of

RAW = golden("nem12.csv", line_end=b"\r\n")
HEAD = b"100,NEM12,202611010830,MDP1,RETAILER1\r\n"
DETAILS = b"200,NEM1201009,E1B1,1,E1,N1,METER0042,KWH,30,20261201\r\n"
DAY = b"300,20261025," + b",".join([b"1.0"] * 48) + b",A,,,20261026021500,\r\n"
VARIABLE = DAY.replace(b",A,,", b",V,,")
GOOD = HEAD + DETAILS + DAY + b"900\r\n"


def faults(raw: bytes) -> list[tuple[str, int]]:
    return [(fault.name, fault.line) for fault in faults_of(list(read_nem([raw])))]


@pytest.fixture(scope="module")
def blocks() -> list[Block]:
    return blocks_of(list(read_nem(pieces_of(RAW, 100))))


def test_a_canonical_file_comes_back_byte_for_byte() -> None:
    records = [record for record in read_records([RAW]) if not isinstance(record, BadRecord)]
    assert b"".join(write_records(records)) == RAW


@pytest.mark.parametrize("size", [1, 7, 1000, 10**6])
def test_the_pieces_do_not_matter(size: int, blocks: list[Block]) -> None:
    again = blocks_of(list(read_nem(pieces_of(RAW, size))))
    assert [each.channel for each in again] == [each.channel for each in blocks]
    assert all(np.array_equal(one.digits, other.digits) for one, other in zip(again, blocks, strict=True))


def test_channels_are_seen_from_the_customer(blocks: list[Block]) -> None:
    seen = [(each.channel.code, each.channel.kind, each.channel.unit) for each in blocks]
    assert seen == [
        ("E1", Kind.ACTIVE_IMPORT, "Wh"),
        ("E1", Kind.ACTIVE_IMPORT, "Wh"),
        ("E1", Kind.ACTIVE_IMPORT, "Wh"),
        ("B1", Kind.ACTIVE_EXPORT, "Wh"),
        ("Q1", Kind.REACTIVE_IMPORT, "varh"),
        ("E1", Kind.ACTIVE_IMPORT, "Wh"),
    ]
    assert [each.channel.interval_minutes for each in blocks] == [30, 30, 30, 30, 15, 5]
    assert [len(each) for each in blocks] == [48, 48, 48, 48, 96, 288]
    assert {each.channel.shape for each in blocks} == {Shape.INTERVAL}


def test_values_are_whole_watt_hours_at_market_time(blocks: list[Block]) -> None:
    first = blocks[0]
    assert list(first.digits[:3]) == [100, 205, 310]
    assert first.exponent == 0
    assert first.starts_at[0] == np.datetime64("2026-10-24T14:00:00")
    assert first.local[0] == np.datetime64("2026-10-25T00:00:00")
    assert first.local[-1] == np.datetime64("2026-10-25T23:30:00")


def test_ranges_tell_the_quality_of_a_variable_day(blocks: list[Block]) -> None:
    varied = blocks[2]
    assert [int(each) for each in np.unique(varied.quality)] == [Mark.MEASURED, Mark.ESTIMATED]
    assert list(varied.codes[[0, 20, 24]]) == ["A", "E52/79", "F16/51"]
    assert list(varied.lines[[0, 20, 47]]) == [6, 7, 8]
    assert set(blocks[5].quality) == {Mark.MISSING}


def test_marks_carry_the_numbers_that_are_stored() -> None:
    assert all(Quality[mark.name] == mark for mark in Mark if mark is not Mark.ESTIMATED)
    assert Quality.ESTIMATED_LINEAR == Mark.ESTIMATED


def test_a_missing_header_ends_the_reading() -> None:
    for raw in (DETAILS + DAY, b"100,NEM14,202611010830,MDP1,R\r\n", b"PK\x03\x04 zip"):
        with pytest.raises(NotNem):
            list(read_records([raw]))
    with pytest.raises(LineTooLong):
        list(read_records([HEAD, b"9" * 70_000]))


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b"999,what\r\n", "UnknownRecord"),
        (b"250,of the other version\r\n", "UnknownRecord"),
        (DAY.replace(b"1.0", b"1.x", 1), "BadNumber"),
        (DAY.replace(b"1.0", b"", 1), "BadNumber"),
        (DAY.replace(b",1.0", b"", 9), "WrongFields"),
        (DAY.replace(b"20261025", b"20261340"), "BadField"),
        (DAY.replace(b"20261025", b"20260231"), "BadField"),
        (DAY.replace(b",A,", b",Z,"), "BadField"),
        (b"200,NEM1201009,E1B1,1,E1,N1,METER0042,KWH,7,\r\n", "BadField"),
        (b"200,,E1B1,1,E1,N1,METER0042,KWH,30,\r\n", "BadField"),
        (b"200,short\r\n", "WrongFields"),
        (b'999,a\ra,"lone return"\r\n', "UnknownRecord"),
        (b'"200,a quote that does not end\r\n', "UnknownRecord"),
        (VARIABLE, "UncoveredIntervals"),
        (VARIABLE + b"400,1,47,A,,\r\n", "UncoveredIntervals"),
        (VARIABLE + b"400,1,24,A,,\r\n400,1,24,A,,\r\n", "UncoveredIntervals"),
    ],
)
def test_a_bad_line_does_not_stop_the_rest(line: bytes, name: str) -> None:
    raw = HEAD + DETAILS + DAY + line + DETAILS + DAY + b"900\r\n"
    pieces = list(read_nem([raw]))
    assert [fault.name for fault in faults_of(pieces)] == [name]
    assert faults_of(pieces)[0].line == 4
    assert len(blocks_of(pieces)) == 2


@pytest.mark.parametrize(
    "text", [b"400,0,4,A,,", b"400,5,4,A,,", b"400,1,49,A,,", b"400,1,4,V,,", b"400,a,4,A,,"]
)
def test_refuses_a_range_outside_the_day(text: bytes) -> None:
    raw = GOOD.replace(b"900", text + b"\r\n900")
    assert faults(raw) == [("BadField", 4)]


def test_refuses_more_ranges_than_intervals() -> None:
    assert faults(GOOD.replace(b"900", b"400,1,1,A,,\r\n" * 49 + b"900"))[0] == ("BadField", 52)


def test_days_and_visits_without_details_belong_to_nobody() -> None:
    assert faults(HEAD + b"400,1,2,A,,\r\n900\r\n") == [("OutOfPlace", 2)]
    assert faults(HEAD + DAY + b"500,O,S1,20261028101500,1\r\n900\r\n") == [
        ("OutOfPlace", 2),
        ("OutOfPlace", 3),
    ]


def test_days_below_details_that_cannot_be_read_do_not_go_to_the_channel_above() -> None:
    raw = HEAD + DETAILS + b"200,X,E1,1,E1,N1,M,KWH,7,\r\n" + DAY + b"900\r\n"
    assert faults(raw) == [("BadField", 3), ("OutOfPlace", 4)]


def test_says_that_a_file_is_cut_or_goes_on_behind_its_end() -> None:
    assert faults(HEAD + DETAILS + DAY) == [("NoEnd", 3)]
    assert faults(b"") == [("NoEnd", 1)]
    assert faults(GOOD + DAY) == [("OutOfPlace", 5)]
    assert faults(GOOD + GOOD) == []


def test_null_intervals_may_be_empty() -> None:
    (block,) = blocks_of(list(read_nem([GOOD.replace(b",A,", b",N,").replace(b"1.0", b"")])))
    assert set(block.quality) == {Mark.MISSING}
    assert not block.digits.any()


def test_texts_with_commas_are_quoted_and_line_breaks_refused() -> None:
    details = Details("N", "E1", "1", "E1", "N1", "M", "KWH", 30)
    day = Day(details, "20261025", read_numbers(["1"] * 48, line=1), "A", "79", 'said "out", twice')
    records = [Header("NEM12", "202611010830", "A", "B"), details, day, End()]
    (again,) = [each for each in read_records(write_records(records)) if isinstance(each, Day)]
    assert again.description == day.description
    with pytest.raises(Unwritable):
        list(write_records([replace(day, description="a\nb")]))


@given(st.lists(st.integers(-(10**9), 10**9), min_size=48, max_size=48), st.integers(-3, 0), st.data())
@settings(max_examples=30, deadline=None)
def test_blocks_go_through_the_file_without_loss(
    values: list[int], exponent: int, data: st.DataObject
) -> None:
    marks = data.draw(st.lists(st.sampled_from([Mark.MEASURED, Mark.ESTIMATED]), min_size=48, max_size=48))
    block = one_day(np.array(values, np.int64), exponent, np.array(marks, np.uint8))
    details = details_for(block.channel, suffix="E1")
    days = block_days(block, details)
    raw = b"".join(write_records([Header("NEM12", "202611010830", "A", "B"), details, *days, End()]))
    (again,) = blocks_of(list(read_nem([raw])))
    shift = block.exponent - again.exponent
    assert [int(each) for each in again.digits] == [each * 10**shift for each in values]
    assert np.array_equal(again.quality, block.quality)
    assert np.array_equal(again.starts_at, block.starts_at)


def one_day(digits: np.ndarray, exponent: int, quality: np.ndarray) -> Block:
    (block,) = blocks_of(list(read_nem([GOOD])))
    return replace(block, digits=digits, exponent=exponent, quality=quality, codes=np.full(48, "", "U4"))


def test_a_day_read_and_written_keeps_its_own_codes(blocks: list[Block]) -> None:
    for block in blocks[:3]:
        (day,) = block_days(block, details_for(block.channel, suffix="E1"))
        assert day.method == ("V" if len(set(block.codes)) > 1 else str(block.codes[0]).partition("/")[0])
    assert [(each.start, each.end, each.method) for each in day.events] == [
        (1, 20, "A"),
        (21, 24, "E52"),
        (25, 48, "F16"),
    ]


def test_units_tell_what_suffixes_do_not() -> None:
    units = [
        (b"PF", Kind.POWER_FACTOR),
        (b"V", Kind.VOLTAGE),
        (b"KVAH", Kind.APPARENT),
        (b"what", Kind.OTHER),
    ]
    for unit, kind in units:
        (block,) = blocks_of(list(read_nem([GOOD.replace(b"KWH", unit)])))
        assert block.channel.kind is kind


def test_refuses_to_write_what_the_format_cannot_hold(blocks: list[Block]) -> None:
    block = blocks[0]
    details = details_for(block.channel, suffix="E1")
    shorter = replace(block, starts_at=block.starts_at[:3], digits=block.digits[:3])
    for odd in (shorter, replace(block, offset_minutes=None), replace(block, starts_at=block.starts_at + 1)):
        with pytest.raises(NotWholeDays):
            block_days(odd, details)
    with pytest.raises(NoMethod):
        block_days(replace(block, quality=np.full(48, Mark.SUSPECT)), details)
    with pytest.raises(ValueError, match="intervals"):
        details_for(replace(block.channel, interval_minutes=None), suffix="E1")


@given(damaged(GOOD + RAW))
@settings(max_examples=150, deadline=None)
def test_damage_raises_only_named_faults(raw: bytes) -> None:
    try:
        list(read_nem(pieces_of(raw, 97)))
    except BadRecord as fault:
        assert fault.line >= 1
