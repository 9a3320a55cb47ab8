import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingdu.wire.dlt645.frame import Frame, encode_frame
from mingdu.wire.dlt645.stream import (
    MAX_GARBAGE_BYTES,
    MAX_PARTIAL_BYTES,
    MAX_PREAMBLE,
    Garbage,
    Split,
    split_stream,
)
from wire.dlt645.golden import A02, BLOCK, raw_frame

ECHOED = raw_frame("N14")
NOISY = b"\x00\x11" + A02 + b"\xfe\xfe\xfe\xfe" + BLOCK + b"\x68\x00\x16" + b"\xfe" + A02


def feed(pieces: list[bytes]) -> tuple[list[Frame], bytes, int]:
    """Feed a stream in pieces as a protocol would; return frames, rest and bytes of garbage."""
    frames: list[Frame] = []
    rest, passed_over = b"", 0
    for piece in pieces:
        split = split_stream(rest + piece)
        frames += split.frames
        rest = split.rest
        passed_over += sum(stretch.length for stretch in split.garbage)
        assert len(rest) <= MAX_PARTIAL_BYTES
    return frames, rest, passed_over


def test_finds_frames_behind_garbage_and_any_preamble() -> None:
    split = split_stream(NOISY)
    assert [frame.data_id for frame in split.frames] == [0x00010000, 0x0001FF00, 0x00010000]
    assert [frame.preamble for frame in split.frames] == [0, 4, 1]
    assert [stretch.raw for stretch in split.garbage] == [b"\x00\x11", b"\x68\x00\x16"]
    assert split.rest == b""


def test_a_stream_cut_at_every_place_gives_the_same_frames() -> None:
    whole = feed([NOISY])
    for place in range(len(NOISY) + 1):
        assert feed([NOISY[:place], NOISY[place:]]) == whole


def test_a_stream_that_comes_byte_by_byte_gives_the_same_frames() -> None:
    assert feed([bytes((octet,)) for octet in NOISY]) == feed([NOISY])


def test_knows_its_own_echo_by_the_direction_bit() -> None:
    split = split_stream(ECHOED)
    assert [frame.address for frame in split.echoes] == ["AAAAAAAAAAAA"]
    assert [frame.address for frame in split.replies] == ["123456789012"]


def test_a_damaged_frame_is_garbage_with_its_reason_and_the_next_one_is_found() -> None:
    split = split_stream(A02[:-2] + b"\x00\x16" + BLOCK)
    assert [(stretch.reason, stretch.length) for stretch in split.garbage] == [("BadChecksum", len(A02))]
    assert len(split.frames) == 1


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (A02[:-1] + b"\x17", "BadEnd"),
        (A02[:9] + b"\xc9" + A02[10:], "TooLong"),
        (b"\x01\x02", "BadStart"),
        (b"\x00" + A02[:-2] + b"\x00\x16", "BadChecksum"),
    ],
)
def test_garbage_has_the_name_of_its_error(raw: bytes, reason: str) -> None:
    assert [stretch.reason for stretch in split_stream(raw).garbage] == [reason]


def test_a_false_start_holds_later_frames_until_the_time_is_up() -> None:
    cut = BLOCK[:12]
    waiting = split_stream(cut + A02)
    assert waiting.frames == ()
    given_up = split_stream(waiting.rest, final=True)
    assert [frame.data_id for frame in given_up.frames] == [0x00010000]
    assert [(stretch.reason, stretch.length) for stretch in given_up.garbage] == [("CutFrame", len(cut))]
    assert given_up.rest == b""


def test_an_idle_line_does_not_fill_the_buffer() -> None:
    split = split_stream(b"\xfe" * 5_000)
    assert len(split.rest) == MAX_PREAMBLE
    assert split_stream(split.rest + A02).frames[0].preamble == MAX_PREAMBLE


def test_keeps_only_the_beginning_of_much_garbage() -> None:
    (stretch,) = split_stream(b"\x00" * 5_000).garbage
    assert stretch.length == 5_000
    assert len(stretch.raw) == MAX_GARBAGE_BYTES


def test_shows_no_raw_bytes_in_a_repr() -> None:
    assert "raw" not in repr(Garbage("BadEnd", 3, b"abc"))
    assert "rest" not in repr(Split((), b"abc"))


PIECES = st.lists(
    st.one_of(
        st.binary(max_size=12),
        st.sampled_from([A02, BLOCK, b"\xfe" * 4, b"\x68", A02[:-1], A02[:8]]),
    ),
    max_size=8,
)


@given(PIECES, st.data())
def test_no_cut_of_any_stream_changes_what_is_found(pieces: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(pieces)
    place = data.draw(st.integers(0, len(stream)))
    assert feed([stream[:place], stream[place:]]) == feed([stream])


@given(PIECES, st.booleans())
def test_every_byte_is_accounted_for(pieces: list[bytes], final: bool) -> None:
    stream = b"".join(pieces)
    split = split_stream(stream, final=final)
    framed = sum(len(encode_frame(frame)) for frame in split.frames)
    assert framed + sum(stretch.length for stretch in split.garbage) + len(split.rest) == len(stream)
    assert not (final and split.rest)
