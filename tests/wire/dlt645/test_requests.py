from collections.abc import Callable
from datetime import datetime

import pytest

from mingdu.wire.dlt645 import requests as r
from mingdu.wire.dlt645.bcd import NotBcd, TooLong
from mingdu.wire.dlt645.frame import Frame, LengthMismatch, decode_frame, encode_frame
from mingdu.wire.dlt645.values import read_values
from wire.dlt645.golden import raw_frame

METER = "202611230042"
SECRET = r.Password(2, "020637")
AT = datetime.fromisoformat("2017-06-05T10:22:51")


# Requests that were captured on a line: ours must be the same, byte for byte.
@pytest.mark.parametrize(
    ("frame", "frame_id"),
    [
        (r.read("161", 0x02010100), "A06"),
        (r.read("003411001043", 0x02010100), "A82"),
        (r.read("192168001101", 0x04000101), "A86"),
        (r.read_follow_up("123456789012", 0x03300001, 1), "A74"),
        (r.sync_time(AT), "A38"),
        (r.read_1997("999999999999", 0x9020), "B06"),
        (r.read_1997("3", 0xB611), "B18"),
        (
            r.control_relay(
                "151230011061",
                "trip",
                datetime.fromisoformat("2099-12-30"),
                password=SECRET,
                operator="00000001",
            ),
            "A30",
        ),
    ],
)
def test_sends_what_was_captured_on_a_line(frame: Frame, frame_id: str) -> None:
    assert encode_frame(frame) == raw_frame(frame_id)


@pytest.mark.parametrize(
    ("frame", "control", "data"),
    [
        (r.read_address(), 0x13, ""),
        (r.write_address("123456789012"), 0x15, "129078563412"),
        (r.freeze(METER), 0x16, "99999999"),
        (r.freeze(METER, hour=0, minute=30), 0x16, "30009999"),
        (r.change_baud(METER, 2400), 0x17, "08"),
        (r.read_profile_blocks(METER, 0x06040002, 1), 0x11, "0200040601"),
        (r.read_profile_blocks(METER, 0x06040001, 12, AT), 0x11, "01000406122210050617"),
        (
            r.write(METER, 0x04000102, b"\x30\x05\x10", password=SECRET, operator="1"),
            0x14,
            "020100040237060201000000300510",
        ),
        (
            r.change_password(METER, 0x04000C03, old=SECRET, new=r.Password(4, "123456")),
            0x18,
            "030c0004" + "02370602" + "04563412",
        ),
        (r.clear_demand(METER, password=SECRET, operator="7"), 0x19, "0237060207000000"),
        (r.clear_meter(METER, password=SECRET, operator="7"), 0x1A, "0237060207000000"),
        (r.clear_events(METER, password=SECRET, operator="7"), 0x1B, "0237060207000000ffffffff"),
    ],
)
def test_puts_the_parts_in_the_order_of_the_standard(frame: Frame, control: int, data: str) -> None:
    assert (frame.control, frame.data.hex()) == (control, data)
    assert decode_frame(encode_frame(frame)).data == frame.data


def test_a_broadcast_and_a_wildcard_have_their_addresses() -> None:
    assert r.sync_time(AT).address == "999999999999"
    assert r.sync_time(AT, METER).address == METER
    assert r.read_address().address == "AAAAAAAAAAAA"


@pytest.mark.parametrize("speed", [600, 1200, 2400, 4800, 9600, 19200])
def test_says_the_speed_that_was_asked_for(speed: int) -> None:
    assert [value.digits for value in read_values(r.change_baud(METER, speed))] == [speed]


@pytest.mark.parametrize(
    "ask",
    [
        lambda: r.read_follow_up(METER, 0x00010000, 0),
        lambda: r.read_follow_up(METER, 0x00010000, 256),
        lambda: r.read_profile_blocks(METER, 0x06040002, 0),
        lambda: r.read_profile_blocks(METER, 0x06040002, 100),
        lambda: r.change_baud(METER, 300),
        lambda: r.control_relay(METER, "open", AT, password=SECRET, operator="1"),
        lambda: r.write_password(r.Password(0x98, "000000")),
    ],
)
def test_refuses_what_the_standard_does_not_know(ask: Callable[[], object]) -> None:
    with pytest.raises(r.OutOfRange):
        ask()


@pytest.mark.parametrize("digits", ["12345", "1234567", "12345x", "１２３４５６"])
def test_refuses_a_password_that_is_not_six_digits_without_showing_it(digits: str) -> None:
    with pytest.raises(LengthMismatch) as caught:
        r.write_password(r.Password(4, digits))
    assert digits not in str(caught.value.as_json())


@pytest.mark.parametrize("operator", ["", "123456789", "12x"])
def test_refuses_an_operator_code_that_is_not_digits(operator: str) -> None:
    with pytest.raises(LengthMismatch):
        r.clear_meter(METER, password=SECRET, operator=operator)


def test_refuses_a_bad_new_address_and_a_freeze_beyond_two_digits() -> None:
    with pytest.raises(NotBcd):
        r.write_address("12345678901x")
    with pytest.raises(TooLong):
        r.freeze(METER, minute=100)


def test_a_password_shows_in_no_repr() -> None:
    frame = r.clear_meter(METER, password=SECRET, operator="1")
    assert "020637" not in repr(SECRET)
    assert "370602" not in repr(frame)
