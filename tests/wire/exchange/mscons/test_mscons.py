from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from mingdu.wire.exchange.mscons.codes import read_obis, read_time, unit_of
from mingdu.wire.exchange.mscons.read import read_mscons
from mingdu.wire.exchange.mscons.segments import read_segments
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
from wire.exchange.files import GOLDEN, damaged, golden, pieces_of

RAW = golden("mscons.edi")


def read(raw: bytes) -> list[Block | BadRecord]:
    return list(read_mscons(pieces_of(raw, 100)))


def test_an_interchange_becomes_blocks_by_point_and_code() -> None:
    pieces = read(RAW)
    assert faults_of(pieces) == []
    load, reactive, register, demand, amount, gas = blocks_of(pieces)
    assert (load.channel.kind, load.channel.interval_minutes) == (Kind.ACTIVE_IMPORT, 15)
    assert (load.channel.meter, load.channel.code) == ("1ESY 4711'2", "1-1:1.29.0")
    assert (list(load.digits), load.exponent) == ([4250, 4375, 5000], 0)
    assert list(load.quality) == [Mark.MEASURED, Mark.ESTIMATED, Mark.PROVISIONAL]
    assert list(load.codes) == ["220", "67", "Z18"]
    assert load.starts_at[1] == np.datetime64("2026-10-24T00:15")
    assert list(load.lines) == [16, 19, 22]
    assert (reactive.channel.kind, reactive.channel.unit) == (Kind.REACTIVE_Q1, "varh")
    assert (register.channel.shape, register.channel.register) == (Shape.REGISTER, "1")
    assert (list(register.digits), register.exponent) == ([12345678], 0)
    assert (demand.channel.kind, demand.channel.unit) == (Kind.DEMAND, "W")
    assert demand.offset_minutes is None
    assert (amount.channel.shape, list(amount.digits), amount.exponent) == (Shape.PERIOD, [900], 3)
    assert amount.ends_at is not None
    assert amount.ends_at[0] == np.datetime64("2026-10-01")
    assert (gas.channel.kind, gas.channel.unit) == (Kind.OTHER, "")


def test_obis_codes_tell_kind_phase_and_tariff() -> None:
    codes = [
        "1-0:1.8.0",
        "1-1:2.29.0",
        "1-0:52.7.0",
        "1-0:31.7.0",
        "1-0:16.7.0",
        "1-0:1.8.2*255",
        "1-0:41.8.0",
        "8-0:1.0.0",
    ]
    assert [read_obis(code) for code in codes] == [
        (Kind.ACTIVE_IMPORT, "", ""),
        (Kind.ACTIVE_EXPORT, "", ""),
        (Kind.VOLTAGE, "B", ""),
        (Kind.CURRENT, "A", ""),
        (Kind.POWER, "", ""),
        (Kind.ACTIVE_IMPORT, "", "2"),
        (Kind.ACTIVE_IMPORT, "B", ""),
        (Kind.OTHER, "", ""),
    ]
    assert read_obis("Z02") is None


def test_quantities_without_a_unit_have_that_of_their_kind() -> None:
    kinds = (Kind.ACTIVE_IMPORT, Kind.REACTIVE_Q2, Kind.DEMAND, Kind.VOLTAGE, Kind.POWER_FACTOR)
    assert [unit_of("", kind, line=1) for kind in kinds] == [
        ("Wh", 3),
        ("varh", 3),
        ("W", 3),
        ("V", 0),
        ("", 0),
    ]
    assert unit_of("MWH", Kind.ACTIVE_IMPORT, line=1) == ("Wh", 6)


@pytest.mark.parametrize(
    ("text", "form", "civil", "offset"),
    [
        ("20261025", "102", "2026-10-25T00:00:00", None),
        ("202610252400+00", "303", "2026-10-26T00:00:00", 0),
        ("20261025083015-0130", "304", "2026-10-25T08:30:15", -90),
        ("202610250830", "203", "2026-10-25T08:30:00", None),
    ],
)
def test_reads_times_of_every_format(text: str, form: str, civil: str, offset: int | None) -> None:
    moment, read_offset = read_time(text, form, line=1)
    assert (moment.isoformat(), read_offset) == (civil, offset)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2026102", "102"),
        ("20261325", "102"),
        ("202610250830", "303"),
        ("202610250830+00", "203"),
        ("202610250830+0", "303"),
        ("", "102"),
        ("20261025", "999"),
        ("00011025", "102"),
        ("999912312400+00", "303"),
    ],
)
def test_refuses_times_that_are_none(text: str, form: str) -> None:
    with pytest.raises(BadRecord):
        read_time(text, form, line=1)


@pytest.mark.parametrize(
    ("old", "new", "name", "line"),
    [
        (b"QTY+220:4.250", b"QTY+220:4.2x0", "BadNumber", 16),
        (b"QTY+220:4.250", b"QTY+221:4.250", "BadValue", 16),
        (b"1-1?:1.29.0", b"nothing", "BadValue", 16),
        (b"4.250:KWH", b"4.250:FUR", "BadCode", 16),
        (b"DTM+7:202610242200?+00:303", b"DTM+7:2026:602", "BadCode", 39),
        (b"DTM+7:", b"DTM+8:", "BadValue", 38),
        (b"UNT+28+1", b"UNT+27+1", "WrongCount", 30),
        (b"UNZ+2+ABC4711", b"UNZ+2+ABC4712", "WrongCount", 55),
        (b"UNZ+2+ABC4711'\n", b"", "WrongCount", 54),
        (b"UNH+2+MSCONS", b"UNH+2+UTILMD", "WrongMessage", 31),
        (b"QTY+220:4.250", b"QTY+220:999999999999999999", "BadNumber", 16),
    ],
)
def test_a_fault_does_not_stop_the_rest(old: bytes, new: bytes, name: str, line: int) -> None:
    pieces = read(RAW.replace(old, new))
    assert (name, line) in [(fault.name, fault.line) for fault in faults_of(pieces)]
    assert len(blocks_of(pieces)) >= 2


def test_a_comma_is_a_decimal_mark_too_and_codes_may_lack_their_release() -> None:
    raw = RAW.replace(b"4.250", b"4,250").replace(b"1-1?:1.29.0:SRW", b"1-1:1.29.0:SRW")
    assert list(blocks_of(read(raw))[0].digits) == [4250, 4375, 5000]


def test_a_register_with_a_month_is_what_it_showed_at_its_end() -> None:
    month = b"DTM+163:202609010000?+00:303'\nDTM+164:202610010000?+00:303'"
    block = blocks_of(read(RAW.replace(b"DTM+7:202610242200?+00:303'", month)))[2]
    assert (block.channel.shape, block.starts_at[0]) == (Shape.REGISTER, np.datetime64("2026-10-01"))


def test_an_interchange_may_be_empty() -> None:
    assert read(b"UNA:+.? 'UNB+UNOC:3+A+B+261025:0830+R1'UNZ+0+R1'") == []
    assert read(b"UNA:+.? '") == []


def test_long_profiles_come_in_bounded_blocks() -> None:
    quantity = RAW[RAW.index(b"QTY+220:4.250") : RAW.index(b"QTY+67")]
    sizes = [len(block) for block in blocks_of(read(RAW.replace(quantity, quantity * (BLOCK_VALUES + 5))))]
    assert sizes[:2] == [BLOCK_VALUES, 7]


@given(damaged(RAW))
@settings(max_examples=150, deadline=None)
def test_damage_raises_only_named_faults(raw: bytes) -> None:
    try:
        read(raw)
    except BadRecord as fault:
        assert fault.line >= 1


@pytest.mark.long
def test_pydifact_reads_the_same_segments() -> None:
    from pydifact.segmentcollection import (
        Interchange,
    )  # here, not above: `make test` collects this file without the peers

    theirs = Interchange.from_file(str(GOLDEN / "mscons.edi"))
    ours = [each for each in read_segments([RAW]) if each.tag not in ("UNB", "UNZ")]
    found = [each for each in theirs.segments]
    assert [each.tag for each in found] == [each.tag for each in ours]
    for one, two in zip(found, ours, strict=True):
        flat = [each if isinstance(each, list) else [each] for each in one.elements]
        assert flat == [list(each) for each in two.elements]
