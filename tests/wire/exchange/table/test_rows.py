from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingdu.wire.exchange.lines import LineTooLong
from mingdu.wire.exchange.series import (
    BLOCK_VALUES,
    BadRecord,
    Block,
    Kind,
    Mark,
    Shape,
    blocks_of,
    faults_of,
)
from mingdu.wire.exchange.table.delimited import Dialect, NotText, read_delimited, sniff
from mingdu.wire.exchange.table.mapping import Mapping, guess_mapping
from mingdu.wire.exchange.table.rows import MOST_CHANNELS, Row, read_rows
from wire.exchange.files import damaged, pieces_of

CHINESE = """户号,表号,数据时间,正向有功总(kWh),A相电压,质量标记
0530100042,M1,2026-10-25 00:00,12345.60,220.1,
0530100042,M1,2026-10-25 00:15,12345.75,219.9,估算
0530100042,M1,坏时间,12346.00,220.0,
0530100042,M1,2026-10-25 00:45,1x,220.0,
0530100042,M1,2026-10-25 01:00,,,缺失
,,2026-10-25 01:15,1,,
0530100042,M1,2026-10-25 01:30,12347.05,,好得很
"""


def table(text: str | bytes, **changes: object) -> list[Block | BadRecord]:
    raw = text.encode() if isinstance(text, str) else text
    return list(read_table(raw, **changes))


def read_table(raw: bytes, **changes: object) -> list[Block | BadRecord]:
    first, *rows = read_delimited([raw])
    assert not isinstance(first, BadRecord)
    sample = [row[1] for row in rows if not isinstance(row, BadRecord)]
    return list(read_rows(rows, replace(guess_mapping(first[1], sample[:9]), **changes)))


def test_a_table_becomes_blocks_by_channel_and_faults_by_line() -> None:
    pieces = table(CHINESE, interval_minutes=None)
    registers, volts = blocks_of(pieces)
    assert (registers.channel.kind, registers.channel.shape) == (Kind.ACTIVE_IMPORT, Shape.REGISTER)
    assert (registers.channel.point, registers.channel.meter) == ("0530100042", "M1")
    assert (list(registers.digits), registers.exponent) == ([1234560, 1234575, 0], 1)
    assert list(registers.quality) == [Mark.MEASURED, Mark.ESTIMATED, Mark.MISSING]
    assert list(registers.codes) == ["", "估算", "缺失"]
    assert list(registers.lines) == [2, 3, 6]
    assert registers.offset_minutes is None
    assert (volts.channel.kind, volts.channel.phase, volts.channel.unit) == (Kind.VOLTAGE, "A", "V")
    assert [(fault.name, fault.line) for fault in faults_of(pieces)] == [
        ("BadTime", 4), ("BadNumber", 5), ("EmptyCell", 7), ("UnknownWord", 8),
    ]  # fmt: skip


def test_the_same_table_in_gb18030_with_semicolons_and_crlf_gives_the_same() -> None:
    other = CHINESE.replace(",", ";").replace("\n", "\r\n").encode("gb18030")
    assert sniff(other) == Dialect("gb18030", ";")
    for one, two in zip(blocks_of(table(CHINESE)), blocks_of(table(other)), strict=True):
        assert np.array_equal(one.digits, two.digits)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("size", [1, 1000])
def test_reads_every_encoding_in_any_pieces(encoding: str, size: int) -> None:
    rows = [row for row in read_delimited(pieces_of(CHINESE.encode(encoding), size))]
    assert rows[0] == (1, CHINESE.splitlines()[0].split(","))


def test_refuses_bytes_that_are_no_text() -> None:
    for raw in (b"\x00\x01binary\n", b"\xff\xff\xff\xff,\n"):
        with pytest.raises(NotText):
            list(read_delimited([raw]))
    with pytest.raises(LineTooLong):
        list(read_delimited([b"a,b\n" + b"x" * 70_000]))


def test_a_quote_that_does_not_end_costs_only_what_it_swallows() -> None:
    raw = b'a,b\n"' + b"x\n" * 70_000 + b"c,d\n"
    rows = list(read_delimited([raw]))
    assert [row.name for row in rows if isinstance(row, BadRecord)] == ["BadRow"]
    assert rows[-1] == (70_003 - 1, ["c", "d"])


def test_one_row_a_day_with_a_column_for_every_clock_time() -> None:
    pieces = table(
        "户号,日期,00:00,00:30,01:00\n7,2026-10-25,0.1,0.2,0.30000000000000004\n", zone_minutes=480
    )
    (block,) = blocks_of(pieces)
    assert (block.channel.shape, block.channel.interval_minutes) == (Shape.INTERVAL, 30)
    assert list(block.digits) == [1, 2, 3]
    assert list(block.rounded) == [False, False, True]
    assert block.starts_at[0] == np.datetime64("2026-10-24T16:00:00")
    assert block.local[2] == np.datetime64("2026-10-25T01:00:00")


def test_labels_of_the_end_become_starts() -> None:
    pieces = table(
        "户号,时间,用电量\n7,2026-10-25 00:15,1\n7,2026-10-25 24:00,2\n", labels_end=True, interval_minutes=15
    )
    (block,) = blocks_of(pieces)
    assert list(block.starts_at) == [np.datetime64("2026-10-25T00:00"), np.datetime64("2026-10-25T23:45")]


def test_rows_may_name_their_quantity_unit_and_register() -> None:
    text = (
        "usage_point,channel,register,time,value,unit,quality\n"
        "7,import,PEAK,2026-10-25T00:00+08:00,1.5,MWh,measured\n"
        "7,voltage_L1,,2026-10-25T00:00+08:00,220,V,measured\n"
        "7,mood,,2026-10-25T00:00+08:00,220,V,measured\n"
        "7,import,,2026-10-25T00:00+08:00,220,furlong,measured\n"
    )
    pieces = table(text)
    energy, volts = blocks_of(pieces)
    assert (energy.channel.register, list(energy.digits), energy.exponent) == ("PEAK", [15], 5)
    assert (volts.channel.kind, volts.channel.phase) == (Kind.VOLTAGE, "A")
    assert [(fault.name, fault.line) for fault in faults_of(pieces)] == [
        ("UnknownWord", 4),
        ("UnknownWord", 5),
    ]


def test_cells_of_a_workbook_are_dates_clocks_and_floats() -> None:
    mapping = guess_mapping(["户号", "日期", "时刻", "示数"])
    rows: list[Row] = [
        (2, [530100042.0, dt.date(2026, 10, 25), dt.time(8, 30), 0.1 + 0.2]),
        (3, [530100042, dt.datetime.fromisoformat("2026-10-26"), "24:00", 7]),
        (4, [None, None, None, None]),
        (5, [1, None, None, 3]),
        (6, [1, dt.date(2026, 10, 25), None]),
    ]
    pieces = list(read_rows(rows, mapping))
    (block,) = blocks_of(pieces)
    assert block.channel.point == "530100042"
    assert (list(block.digits), block.exponent, list(block.rounded)) == ([3, 70], 2, [True, False])
    assert list(block.starts_at) == [np.datetime64("2026-10-25T08:30"), np.datetime64("2026-10-27T00:00")]
    assert [fault.name for fault in faults_of(pieces)] == ["EmptyCell"]


def test_a_value_too_large_beside_a_fine_one_is_a_fault() -> None:
    pieces = table("户号,时间,示数\n7,2026-10-25,99999999999999999\n7,2026-10-26,0.000001\n")
    assert [fault.name for fault in faults_of(pieces)] == ["BadNumber"]


def test_long_tables_come_in_bounded_blocks() -> None:
    mapping = guess_mapping(["户号", "时间", "示数"])
    rows = ((at, ["7", "2026-10-25", str(at)]) for at in range(2, 3 * BLOCK_VALUES))
    sizes = [len(piece) for piece in read_rows(rows, mapping) if isinstance(piece, Block)]
    assert max(sizes) <= BLOCK_VALUES
    assert sum(sizes) == 3 * BLOCK_VALUES - 2


@given(
    st.lists(st.decimals(0, 10**6, places=3), min_size=1, max_size=20),
    st.sampled_from([(".", ","), (",", "."), (",", "")]),
)
@settings(deadline=None)
def test_values_come_through_every_way_of_writing_them(values: list[Decimal], marks: tuple[str, str]) -> None:
    decimal, group = marks
    mapping = replace(guess_mapping(["户号", "时间", "示数"]), decimal=decimal, group=group)
    texts = [f"{value:,.3f}".replace(",", "_").replace(".", decimal).replace("_", group) for value in values]
    (block,) = read_rows([(2 + at, ["7", "2026-10-25", text]) for at, text in enumerate(texts)], mapping)
    assert isinstance(block, Block)
    assert [int(each) for each in block.digits] == [int(value * 1000) for value in values]


@given(damaged(CHINESE.encode()))
@settings(max_examples=100, deadline=None)
def test_damage_raises_only_named_faults(raw: bytes) -> None:
    mapping: Mapping = guess_mapping(CHINESE.splitlines()[0].split(","))
    try:
        list(read_rows(read_delimited(pieces_of(raw, 50)), mapping))
    except BadRecord as fault:
        assert fault.line >= 1


def test_a_table_of_one_point_needs_no_column_for_it() -> None:
    text = "start,value\r\n2015-11-22T00:00:00-06:00,0.29\r\n2015-11-22T01:00:00-06:00,nan\r\n"
    (block,) = blocks_of(table(text, point="home"))
    assert (block.channel.point, block.channel.interval_minutes) == ("home", 60)
    assert list(block.quality) == [Mark.MEASURED, Mark.MISSING]
    assert list(block.codes) == ["", "nan"]
    assert block.local[0] == np.datetime64("2015-11-22T00:00")


def test_faults_of_the_reader_pass_through_and_plain_power_is_of_a_moment() -> None:
    mapping = guess_mapping(["户号", "时间", "正向有功(kW)"])
    fault = BadRecord("before", line=2)
    pieces = list(read_rows([fault, (3, ["7", "2026-10-25", "1"])], mapping))
    assert pieces[0] is fault
    (block,) = blocks_of(pieces)
    assert block.channel.shape is Shape.MOMENT
    assert np.array_equal(block.local, block.starts_at)


def test_more_points_than_are_remembered_are_read_all_the_same() -> None:
    mapping = guess_mapping(["户号", "时间", "示数"])
    rows = ((2 + at, [str(at), "2026-10-25", "1"]) for at in range(MOST_CHANNELS + 1))
    assert (
        sum(len(piece) for piece in read_rows(rows, mapping) if isinstance(piece, Block)) == MOST_CHANNELS + 1
    )


def test_cells_beyond_a_short_row_are_empty() -> None:
    cells: Sequence[str] = ["7", "2026-10-25"]
    assert list(read_rows([(2, cells)], guess_mapping(["户号", "时间", "示数"]))) == []
