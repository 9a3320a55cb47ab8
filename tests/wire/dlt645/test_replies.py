from datetime import date, datetime, time

import pytest

from mingdu.wire.dlt645 import replies as m
from mingdu.wire.dlt645.bcd import TooLong
from mingdu.wire.dlt645.frame import Frame, decode_frame, encode_frame
from mingdu.wire.dlt645.requests import OutOfRange, read, read_address, read_follow_up, sync_time
from mingdu.wire.dlt645.values import read_values

METER = "202611230042"
AT = datetime.fromisoformat("2026-11-10T10:30")


def heard(frame: Frame) -> list[str | None]:
    return [value.printed for value in read_values(decode_frame(encode_frame(frame)))]


@pytest.mark.parametrize(
    ("data_id", "payload", "expected"),
    [
        (0x00010000, m.energies_payload([1_234_567]), ["12345.67"]),
        (0x0001FF00, m.energies_payload([300, 100, 200]), ["3.00", "1.00", "2.00"]),
        (0x0001FF01, m.energies_payload([300, 100, 200]), ["3.00", "1.00", "2.00"]),
        (0x00000000, m.energies_payload([-1], signed=True), ["-0.01"]),
        (0x05060101, m.energies_payload([300, 100, 200]), ["3.00", "1.00", "2.00"]),
        (0x05060001, m.freeze_time_payload(AT), ["2026-11-10T10:30"]),
        (0x0101FF00, m.demands_payload([(7_600_000 // 10, AT), (0, None)]), ["76.0000", "0.0000"]),
        (0x04000101, m.date_payload(date(2026, 11, 29)), ["0", "2026-11-29"]),
        (0x04000102, m.time_payload(time(10, 5, 30)), ["10:05:30"]),
        (0x04000503, m.status_word_payload(0x0010), ["0010", "open"]),
        (0x0201FF00, b"\x01\x22" + m.absent_payload(4), ["220.1", None, None]),
    ],
)
def test_a_reader_hears_what_the_meter_says(data_id: int, payload: bytes, expected: list[str]) -> None:
    assert heard(m.read_reply(METER, data_id, payload)) == expected


def test_demand_is_heard_with_its_time() -> None:
    values = read_values(m.read_reply(METER, 0x0101FF00, m.demands_payload([(1, AT), (0, None)])))
    assert [value.at for value in values] == ["2026-11-10T10:30", None]


def test_answers_an_address_read_with_the_real_address() -> None:
    assert heard(m.read_address_reply(METER)) == [METER]


def test_refuses_with_the_function_of_the_request() -> None:
    refusal = m.error_reply(read(METER, 0x00010000), METER, m.NO_SUCH_DATA)
    assert (refusal.control, refusal.data) == (0xD1, b"\x02")


def test_says_that_a_command_was_carried_out() -> None:
    assert m.done_reply(Frame(METER, 0x1C, bytes(16)), METER) == Frame(METER, 0x9C)


@pytest.mark.parametrize("sequence", [-1, 1, 256])
def test_refuses_a_part_that_the_payload_does_not_have(sequence: int) -> None:
    with pytest.raises(OutOfRange):
        m.read_reply(METER, 0x00010000, m.energies_payload([1]), sequence)


def test_refuses_an_energy_beyond_eight_digits() -> None:
    with pytest.raises(TooLong):
        m.energies_payload([100_000_000])


@pytest.mark.parametrize(
    ("address", "is_meant"),
    [
        (METER, True),
        ("AAAAAAAAAAAA", True),
        ("AAAA11230042", True),
        ("AAAA11230043", False),
        ("999999999999", True),
        ("202611230043", False),
    ],
)
def test_knows_when_it_is_meant(address: str, is_meant: bool) -> None:
    assert m.is_for(Frame(address, 0x11, bytes(4)), METER) is is_meant


def test_another_meters_answer_is_meant_for_nobody() -> None:
    assert not m.is_for(Frame(METER, 0x91, bytes(8)), METER)


def test_a_broadcast_and_a_time_sync_have_no_reply() -> None:
    assert not m.wants_reply(sync_time(AT))
    assert not m.wants_reply(sync_time(AT, METER))
    assert not m.wants_reply(Frame("999999999999", 0x16, b"\x99\x99\x99\x99"))
    assert m.wants_reply(read_address())


def test_hears_which_part_is_asked_for() -> None:
    assert m.requested_sequence(read(METER, 0x00010000)) == 0
    assert m.requested_sequence(read_follow_up(METER, 0x00010000, 7)) == 7
    assert m.requested_sequence(Frame(METER, 0x12, bytes(4))) == 0
