from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from mingdu.wire.exchange.nem.blocks import read_nem
from mingdu.wire.exchange.nem.read import read_records
from mingdu.wire.exchange.nem.write import write_records
from mingdu.wire.exchange.series import BadRecord, Kind, Mark, Shape, blocks_of, faults_of
from wire.exchange.files import damaged, golden, pieces_of

RAW = golden("nem13.csv", line_end=b"\r\n")


def test_a_canonical_file_comes_back_byte_for_byte() -> None:
    records = [record for record in read_records(pieces_of(RAW, 50)) if not isinstance(record, BadRecord)]
    assert b"".join(write_records(records)) == RAW


def test_a_record_gives_two_register_reads_and_the_amount_between() -> None:
    registers, period, *back = blocks_of(list(read_nem([RAW])))
    assert (registers.channel.shape, period.channel.shape) == (Shape.REGISTER, Shape.PERIOD)
    assert (registers.channel.kind, back[0].channel.kind) == (Kind.ACTIVE_IMPORT, Kind.ACTIVE_EXPORT)
    assert (list(registers.digits), registers.exponent) == ([212, 5345], 2)
    assert (list(period.digits), period.exponent) == ([5133], 2)
    assert registers.local[1] == np.datetime64("2026-10-01T00:00:00")
    assert list(registers.quality) == [Mark.MEASURED, Mark.ESTIMATED]
    assert list(period.codes) == ["E64/77"]
    assert period.ends_at is not None
    assert (period.starts_at[0], period.ends_at[0]) == tuple(registers.starts_at)


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        (b"000021.2", b"O", "BadNumber"),
        (b"513.3", b"", "BadNumber"),
        (b"20260801000000", b"20260801", "BadField"),
        (b"20260801000000", b"20260231000000", "BadField"),
        (b"E64", b"Q64", "BadField"),
        (b"1234567890", b"", "BadField"),
        (b",KWH,20270101,20261002120025,20261002121004", b"", "WrongFields"),
        (b"000021.2", b"9" * 18, "BadNumber"),
    ],
)
def test_a_bad_line_does_not_stop_the_rest(old: bytes, new: bytes, name: str) -> None:
    pieces = list(read_nem([RAW.replace(old, new, 1)]))
    assert [(fault.name, fault.line) for fault in faults_of(pieces)] == [(name, 2)]
    assert len(blocks_of(pieces)) == 2


@given(damaged(RAW))
@settings(max_examples=100, deadline=None)
def test_damage_raises_only_named_faults(raw: bytes) -> None:
    try:
        list(read_nem([raw]))
    except BadRecord as fault:
        assert fault.line >= 1
