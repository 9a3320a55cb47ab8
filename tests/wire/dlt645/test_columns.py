import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingdu.wire.dlt645 import columns
from mingdu.wire.dlt645.columns import decode_replies
from mingdu.wire.dlt645.frame import Frame, LengthMismatch, encode_frame
from mingdu.wire.dlt645.replies import energies_payload, read_reply
from wire.dlt645.golden import A02
from wire.dlt645.twin import plain_frame, plain_number

ADDRESSES = st.integers(0, 10**12 - 1)
DIGITS = st.integers(0, 99_999_999)


def frame_bytes(address: int, digits: list[int], data_id: int = 0x0001FF00, signed: bool = False) -> bytes:
    return encode_frame(read_reply(f"{address:012d}", data_id, energies_payload(digits, signed=signed)))


def as_column(raw: bytes) -> columns.Octets:
    return np.frombuffer(raw, dtype=np.uint8)


@given(st.lists(st.tuples(ADDRESSES, st.lists(DIGITS, min_size=3, max_size=3)), min_size=1, max_size=20))
def test_agrees_with_the_plain_twin(meters: list[tuple[int, list[int]]]) -> None:
    frames = [frame_bytes(address, digits) for address, digits in meters]
    decoded = decode_replies(as_column(b"".join(frames)), len(frames[0]))
    assert decoded.good.all()
    for row, raw in enumerate(frames):
        judge = plain_frame(raw)
        assert decoded.address[row] == int(judge.address)
        slots = [judge.data[at : at + 4] for at in (4, 8, 12)]
        assert decoded.digits[row].tolist() == [plain_number(slot, 0) for slot in slots]
    assert set(decoded.data_id.tolist()) == {0x0001FF00}


@given(st.lists(st.integers(-79_999_999, 79_999_999), min_size=1, max_size=8))
def test_reads_signs(digits: list[int]) -> None:
    frames = [frame_bytes(7, [each], 0x00000000, signed=True) for each in digits]
    decoded = decode_replies(as_column(b"".join(frames)), len(frames[0]), signed=True)
    assert decoded.digits[:, 0].tolist() == digits


def test_every_changed_byte_is_found_and_its_neighbours_stay_good() -> None:
    size = len(A02)
    raw = bytearray(A02 * (size + 2))
    for place in range(size):
        raw[(place + 1) * size + place] ^= 0x11
    decoded = decode_replies(as_column(bytes(raw)), size)
    assert decoded.good.tolist() == [True] + [False] * size + [True]
    assert decoded.digits[:, 0].tolist() == [26] + [0] * size + [26]
    assert decoded.address.tolist() == [161] + [0] * size + [161]


@pytest.mark.parametrize(
    ("address", "control", "payload", "is_good"),
    [
        ("000000000161", 0x91, "00000100", True),
        ("000000000161", 0x91, "00000e00", False),
        ("000000000161", 0x91, "ffffffff", False),
        ("000000000161", 0xB1, "00000100", False),
        ("AAAAAAAAAAAA", 0x91, "00000100", False),
    ],
)
def test_only_whole_decimal_replies_are_good(address: str, control: int, payload: str, is_good: bool) -> None:
    frame = columns_frame(address, control, bytes.fromhex(payload))
    assert decode_replies(as_column(frame), len(frame)).good.tolist() == [is_good]


def columns_frame(address: str, control: int, payload: bytes) -> bytes:
    return encode_frame(Frame(address, control, b"\x00\x00\x01\x00" + payload))


def test_the_border_between_blocks_does_not_show() -> None:
    count = columns.BLOCK_FRAMES + 3
    decoded = decode_replies(as_column(A02 * count), len(A02))
    assert decoded.good.sum() == count
    assert np.unique(decoded.digits).tolist() == [26]


def test_reads_narrow_slots() -> None:
    raw = encode_frame(read_reply("42", 0x0201FF00, bytes.fromhex("012202220322")))
    decoded = decode_replies(as_column(raw), len(raw), slot_bytes=2)
    assert decoded.digits.tolist() == [[2201, 2202, 2203]]


def test_no_frames_give_empty_columns() -> None:
    decoded = decode_replies(as_column(b""), len(A02))
    assert (decoded.address.shape, decoded.digits.shape) == ((0,), (0, 1))


@pytest.mark.parametrize(
    ("size", "frame", "slot"), [(21, 20, 4), (20, 20, 3), (20, 20, 0), (16, 16, 4), (26, 26, 10), (20, 0, 4)]
)
def test_refuses_bytes_that_are_no_whole_frames(size: int, frame: int, slot: int) -> None:
    with pytest.raises(LengthMismatch):
        decode_replies(np.zeros(size, np.uint8), frame, slot_bytes=slot)
