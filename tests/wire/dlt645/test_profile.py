from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingdu.errors import TradeError
from mingdu.wire.dlt645.follow_up import reassemble
from mingdu.wire.dlt645.formats import SlotQuality
from mingdu.wire.dlt645.frame import BadChecksum, BadEnd, BadStart, CutFrame, LengthMismatch
from mingdu.wire.dlt645.profile import PROFILE_FROM_TIME, ProfileRecord, read_profile, write_profile
from mingdu.wire.dlt645.replies import read_reply
from mingdu.wire.dlt645.values import read_values

MIDNIGHT = datetime.fromisoformat("2026-11-23T00:00")
DAY = [ProfileRecord(MIDNIGHT + timedelta(minutes=15 * step), 1_000 + step) for step in range(96)]
ONE = write_profile(DAY[:1])


def record(body: str) -> bytes:
    """Write one record by hand, apart from the product's writer."""
    raw = bytes.fromhex("a0a0") + bytes((len(body) // 2,)) + bytes.fromhex(body)
    return raw + bytes((sum(raw) % 256, 0xE5))


def test_one_record_is_written_as_the_description_says() -> None:
    energies = "00100000" + "00000000" * 3
    assert record("0000231126" + "aaaaaa" + energies + "aa" + "aaaa") == ONE


def test_a_day_comes_back_through_follow_up_frames() -> None:
    payload = write_profile(DAY)
    parts = [
        read_reply("42", PROFILE_FROM_TIME, payload, sequence) for sequence in range(-(-len(payload) // 195))
    ]
    values = read_values(reassemble(parts))
    assert [value.digits for value in values] == [step.digits for step in DAY]
    assert [value.at for value in values] == [step.at.isoformat(timespec="minutes") for step in DAY]
    assert {value.item.tariff for value in values} == {0}


@pytest.mark.parametrize("energies", ["67452301", "67452301" + "00000000" * 3])
def test_a_meter_may_leave_out_empty_sections(energies: str) -> None:
    (value,) = read_profile(record("0000231126" + energies + "aa"))
    assert (value.printed, value.at) == ("12345.67", "2026-11-23T00:00")


@pytest.mark.parametrize(
    ("body", "quality"),
    [
        ("0000231126" + "ffffffff" + "aa", SlotQuality.MISSING),
        ("0000231126" + "00000e00" + "aa", SlotQuality.NOT_BCD),
        ("0000233426" + "00000000" + "aa", SlotQuality.BAD_TIME),
        ("000b231126" + "00000000" + "aa", SlotQuality.NOT_BCD),
    ],
)
def test_a_bad_value_or_moment_is_no_number(body: str, quality: SlotQuality) -> None:
    (value,) = read_profile(record(body))
    assert (value.digits, value.quality) == (None, quality)


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"\x00" + ONE, BadStart),
        (ONE[:-1] + b"\xe6", BadEnd),
        (ONE[:-2] + b"\x00\xe5", BadChecksum),
        (ONE[:2], CutFrame),
        (ONE[:-1], CutFrame),
        (record("0000231126" + "aaaa"), LengthMismatch),
        (record("0000231126" + "aa"), LengthMismatch),
        (record("0000231126" + "000000" + "aa"), LengthMismatch),
        (record("0000231126" + "00000000"), LengthMismatch),
    ],
)
def test_names_what_is_wrong_with_a_record(payload: bytes, error: type[TradeError]) -> None:
    with pytest.raises(error):
        read_profile(payload)


def test_no_bytes_hold_no_records() -> None:
    assert read_profile(b"") == ()


@given(st.lists(st.integers(0, 99_999_999), max_size=20))
def test_any_digits_come_back(digits: list[int]) -> None:
    records = [ProfileRecord(MIDNIGHT, each) for each in digits]
    assert [value.digits for value in read_profile(write_profile(records))] == digits


@given(st.one_of(st.binary(max_size=60), st.binary(max_size=40).map(lambda body: record(body.hex()))))
def test_random_bytes_raise_only_errors_of_the_trade(payload: bytes) -> None:
    try:
        values = read_profile(payload)
    except TradeError as error:
        assert error.next
    else:
        assert len(values) * 14 <= len(payload)
