import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingdu.errors import TradeError
from mingdu.wire.dlt645.bcd import NotBcd, TooLong
from mingdu.wire.dlt645.frame import (
    MAX_INPUT_BYTES,
    BadChecksum,
    BadEnd,
    BadStart,
    CutFrame,
    Frame,
    LengthMismatch,
    TrailingBytes,
    decode_frame,
    decode_frames,
    encode_frame,
    shown_data,
)
from wire.dlt645.golden import A02, BLOCK, FRAMES, RELAY_TRIP
from wire.dlt645.twin import plain_frame

ADDRESSES = st.integers(0, 10**12 - 1).map("{:012d}".format)
ANY_FRAME = st.builds(Frame, ADDRESSES, st.integers(0, 255), st.binary(max_size=200), st.integers(0, 12))
WHOLE = [bytes.fromhex(row["hex"]) for row in FRAMES]


@pytest.mark.parametrize("row", FRAMES, ids=lambda row: row["id"])
def test_decodes_every_real_frame(row: dict[str, str]) -> None:
    frame = decode_frame(bytes.fromhex(row["hex"]))
    assert frame.address == row["address"]
    assert f"{frame.control:02X}" == row["control"]
    assert frame.data.hex() == row["data"]
    assert frame.preamble == int(row["preamble"])
    assert frame.standard == row["protocol"]


@pytest.mark.parametrize("raw", WHOLE, ids=[row["id"] for row in FRAMES])
def test_real_frames_come_back_byte_for_byte(raw: bytes) -> None:
    assert encode_frame(decode_frame(raw)) == raw


@pytest.mark.parametrize("raw", WHOLE, ids=[row["id"] for row in FRAMES])
def test_agrees_with_the_plain_twin(raw: bytes) -> None:
    frame, judge = decode_frame(raw), plain_frame(raw)
    assert (frame.address, frame.control, list(frame.data)) == (judge.address, judge.control, judge.data)


@given(ANY_FRAME)
def test_frames_come_back_from_their_bytes(frame: Frame) -> None:
    raw = encode_frame(frame)
    judge = plain_frame(raw)
    assert decode_frame(raw) == frame
    assert (judge.address, judge.control, bytes(judge.data)) == (frame.address, frame.control, frame.data)


@pytest.mark.parametrize("raw", [A02, BLOCK, RELAY_TRIP])
def test_a_frame_cut_at_any_length_is_cut(raw: bytes) -> None:
    for length in range(len(raw)):
        with pytest.raises(CutFrame):
            decode_frame(raw[:length])


@pytest.mark.parametrize("raw", [A02, b"\xfe\xfe" + BLOCK])
def test_every_changed_byte_is_named(raw: bytes) -> None:
    preamble = len(raw) - len(raw.lstrip(b"\xfe"))
    for place in range(len(raw)):
        for flip in range(1, 256):
            changed = bytearray(raw)
            changed[place] ^= flip
            assert _name_of(bytes(changed)) in _possible(place - preamble, len(raw) - preamble)


def _name_of(raw: bytes) -> str:
    with pytest.raises(TradeError) as caught:
        decode_frame(raw)
    return caught.value.name


def _possible(place: int, length: int) -> set[str]:
    """Names that may be given to damage at a place of the frame, counted from its first 68."""
    if place < 0 or place in (0, 7):
        return {"BadStart"}
    if place == 9:
        return {"TooLong", "LengthMismatch"}
    return {"BadEnd"} if place == length - 1 else {"BadChecksum"}


def test_a_body_of_preamble_bytes_is_a_body() -> None:
    frame = Frame("123456789012", 0x91, bytes([0xFE - 0x33]) * 12, 3)
    raw = encode_frame(frame)
    assert raw.count(b"\xfe") == 15
    assert decode_frame(raw) == frame


@pytest.mark.parametrize("count", [0, 1, 4, 7, 40])
def test_takes_any_number_of_preamble_bytes(count: int) -> None:
    assert decode_frame(b"\xfe" * count + A02).preamble == count


def test_takes_several_frames_each_with_its_preamble() -> None:
    frames = decode_frames(A02 + b"\xfe\xfe" + BLOCK)
    assert [frame.data_id for frame in frames] == [0x00010000, 0x0001FF00]
    assert [frame.preamble for frame in frames] == [0, 2]


@pytest.mark.parametrize("left", [b"\x00", b"\xfe", b"\x68\x61", A02[:7], b"ok"])
def test_names_bytes_that_are_left_over(left: bytes) -> None:
    for decode in (decode_frame, decode_frames):
        with pytest.raises(TrailingBytes) as caught:
            decode(A02 + left)
        assert caught.value.values == {"bytes": len(left), "offset": len(A02)}


def test_a_second_frame_that_is_damaged_has_its_own_error() -> None:
    with pytest.raises(BadChecksum):
        decode_frames(A02 + A02[:-2] + b"\x00\x16")


def test_refuses_more_input_than_is_taken_at_once() -> None:
    with pytest.raises(TooLong):
        decode_frames(bytes(MAX_INPUT_BYTES + 1))


def test_names_a_wrong_length_byte_whose_sum_was_made_with_it() -> None:
    body = bytearray(A02[:-2])
    body[9] = 7
    with pytest.raises(LengthMismatch) as caught:
        decode_frame(bytes(body) + bytes((sum(body) & 0xFF, 0x16)))
    assert caught.value.values == {"stated": 7, "present": 8}


def test_a_damaged_end_and_checksum_inside_more_bytes_is_a_wrong_checksum() -> None:
    with pytest.raises(BadChecksum):
        decode_frame(A02[:-2] + b"\x00\x00\x00")


def test_names_a_wrong_end_and_where_it_stands() -> None:
    with pytest.raises(BadEnd) as caught:
        decode_frame(A02[:-1] + b"\x17")
    assert caught.value.values == {"offset": len(A02) - 1}


@pytest.mark.parametrize("raw", [b"\x00", b"\xfe\x00", b"\x67" * 20, b"\x68" + b"\x01" * 11])
def test_names_a_missing_start(raw: bytes) -> None:
    with pytest.raises(BadStart):
        decode_frame(raw)


@pytest.mark.parametrize("address", ["12345678901x", "1234567890123", "1234567890AA", "A12345678901", "١٢"])
def test_refuses_an_address_that_is_not_digits(address: str) -> None:
    with pytest.raises(NotBcd):
        encode_frame(Frame(address, 0x11))


@pytest.mark.parametrize("address", ["AAAAAAAAAAAA", "AAAA12345678"])
def test_sends_wildcards_from_the_high_end(address: str) -> None:
    assert decode_frame(encode_frame(Frame(address, 0x11, bytes(4)))).address == address


def test_pads_a_short_address_high_with_zeros() -> None:
    assert decode_frame(encode_frame(Frame("42", 0x13))).address == "000000000042"


def test_refuses_more_data_than_a_frame_holds() -> None:
    with pytest.raises(TooLong):
        encode_frame(Frame("42", 0x91, bytes(201)))


def test_shows_no_password_in_any_repr() -> None:
    frame = decode_frame(RELAY_TRIP)
    assert "370602" not in repr(frame)
    assert "data" not in repr(frame)
    assert shown_data(frame) == "********" + frame.data.hex()[8:]


@pytest.mark.parametrize(
    ("control", "length", "hidden"),
    [
        (0x14, 13, range(4, 8)),
        (0x18, 12, range(4, 12)),
        (0x98, 4, range(4)),
        (0x19, 8, range(8)),
        (0x1A, 8, range(8)),
        (0x1B, 12, range(4)),
        (0x04, 8, range(2, 6)),
        (0x0F, 8, range(8)),
        (0x10, 4, range(4)),
        (0x91, 8, range(0)),
        (0xDC, 2, range(0)),
    ],
)
def test_masks_the_password_of_every_function(control: int, length: int, hidden: range) -> None:
    shown = shown_data(Frame("42", control, bytes(length)))
    assert [shown[2 * at : 2 * at + 2] == "**" for at in range(length)] == [
        at in hidden for at in range(length)
    ]


def test_reads_the_bits_of_the_control_code() -> None:
    more, error, request = Frame("1", 0xB1), Frame("1", 0xD1, b"\x02"), Frame("1", 0x11)
    assert (more.is_from_meter, more.has_more, more.is_error, more.function) == (True, True, False, 0x11)
    assert (error.is_from_meter, error.has_more, error.is_error) == (True, False, True)
    assert (request.direction, error.direction) == ("to_meter", "from_meter")


@pytest.mark.parametrize(
    ("control", "data", "standard"),
    [
        (0x03, "ff000007", "dlt645-2007"),
        (0x83, "ff000007aa", "dlt645-2007"),
        (0xC3, "0200", "dlt645-2007"),
        (0xC3, "02", "dlt645-1997"),
        (0x03, "", "dlt645-1997"),
        (0x08, "512210050617", "dlt645-2007"),
        (0x81, "1090", "dlt645-1997"),
        (0x1F, "", "dlt645-2007"),
    ],
)
def test_tells_the_edition_by_the_control_code(control: int, data: str, standard: str) -> None:
    assert Frame("1", control, bytes.fromhex(data)).standard == standard


@given(st.binary(max_size=60))
def test_random_bytes_raise_only_errors_of_the_trade(raw: bytes) -> None:
    for decode in (decode_frame, decode_frames):
        try:
            decode(raw)
        except TradeError as error:
            assert error.name and error.next
