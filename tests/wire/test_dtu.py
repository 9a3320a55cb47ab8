import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingdu.wire.dlt645.frame import Frame
from mingdu.wire.dlt645.stream import MAX_PARTIAL_BYTES, NEED_MORE
from mingdu.wire.dtu import (
    BadProfile,
    Heartbeat,
    Registration,
    TerminalProfile,
    match,
    split_terminal_stream,
    write_heartbeat,
    write_registration,
)
from wire.dlt645.golden import A02, BLOCK

DEMO = TerminalProfile("dtu-demo", b"MD", b"\xfe\x00")
TERMINAL = "053010680001"
REGISTRATION = bytes.fromhex("4d44053010680001")
HEARTBEAT = bytes.fromhex("fe00053010680001")
STREAM = REGISTRATION + b"\xfe\xfe" + A02 + HEARTBEAT + b"\x00\x01" + b"\xfe" + HEARTBEAT + BLOCK + HEARTBEAT


def pieces_of(chunks: list[bytes]) -> list[object]:
    """Feed chunks as a listener would; return what arrived, garbage left out."""
    pieces: list[object] = []
    rest = b""
    for chunk in chunks:
        split = split_terminal_stream(rest + chunk, DEMO)
        rest = split.rest
        assert len(rest) <= MAX_PARTIAL_BYTES
        pieces += [piece for piece in split.pieces if isinstance(piece, Registration | Heartbeat | Frame)]
    assert rest == b""
    return pieces


def test_knows_a_registration_and_a_heartbeat() -> None:
    assert match(REGISTRATION, DEMO) == Registration(TERMINAL, 8)
    assert match(HEARTBEAT + A02, DEMO) == Heartbeat(TERMINAL, 8)


@pytest.mark.parametrize("packet", [REGISTRATION, HEARTBEAT])
def test_waits_for_a_packet_that_is_cut_at_any_length(packet: bytes) -> None:
    for length in range(len(packet)):
        assert match(packet[:length], DEMO) is NEED_MORE


@pytest.mark.parametrize(
    "raw", [A02, b"\xfe\xfe" + A02, b"XY", b"MX", bytes.fromhex("4d4405301068000a"), bytes.fromhex("fe000a")]
)
def test_other_bytes_are_no_packet(raw: bytes) -> None:
    assert match(raw, DEMO) is None


def test_writes_what_it_reads() -> None:
    assert write_registration(TERMINAL, DEMO) == REGISTRATION
    assert write_heartbeat(TERMINAL, DEMO) == HEARTBEAT
    assert write_registration("42", DEMO) == b"MD\0\0\0\0\0\x42"


def test_takes_packets_and_frames_apart_wherever_the_stream_is_cut() -> None:
    whole = pieces_of([STREAM])
    assert [type(piece).__name__ for piece in whole] == [
        "Registration", "Frame", "Heartbeat", "Heartbeat", "Frame", "Heartbeat",
    ]  # fmt: skip
    for place in range(len(STREAM) + 1):
        assert pieces_of([STREAM[:place], STREAM[place:]]) == whole
    assert pieces_of([bytes((octet,)) for octet in STREAM]) == whole


def test_an_unfinished_packet_is_garbage_when_the_time_is_up() -> None:
    split = split_terminal_stream(HEARTBEAT[:5], DEMO, final=True)
    assert split.rest == b""
    assert [stretch.length for stretch in split.garbage] == [5]


def test_a_profile_may_send_its_address_low_byte_first() -> None:
    profile = TerminalProfile("other", b"\x01", b"\x02", address_bytes=2, is_low_byte_first=True)
    assert write_registration("1234", profile) == b"\x01\x34\x12"
    assert match(b"\x01\x34\x12", profile) == Registration("1234", 3)


@pytest.mark.parametrize(
    ("registration", "heartbeat", "width"),
    [
        (b"", b"\x01", 6),
        (b"\x01", b"", 6),
        (b"\x01", b"\x01\x02", 6),
        (b"\x01\x02", b"\x01", 6),
        (b"\x68\x01", b"\x02", 6),
        (b"\x02", b"\xfe\xfe\x68", 6),
        (b"\x02", b"\xfe", 6),
        (b"\x01", b"\x02", 0),
        (b"\x01", b"\x02", 17),
    ],
)
def test_refuses_a_profile_that_cannot_be_told_apart(
    registration: bytes, heartbeat: bytes, width: int
) -> None:
    with pytest.raises(BadProfile):
        TerminalProfile("bad", registration, heartbeat, width)


@pytest.mark.parametrize("address", ["1234567890123", "12345678901x"])
def test_refuses_to_write_an_address_that_does_not_fit(address: str) -> None:
    with pytest.raises(BadProfile):
        write_heartbeat(address, DEMO)


@given(
    st.lists(st.one_of(st.sampled_from([REGISTRATION, HEARTBEAT, A02, b"\xfe", b"M"]), st.binary(max_size=9)))
)
def test_every_byte_of_any_stream_is_accounted_for(chunks: list[bytes]) -> None:
    stream = b"".join(chunks)
    split = split_terminal_stream(stream, DEMO)
    taken = sum(
        piece.preamble + 12 + len(piece.data) if isinstance(piece, Frame) else piece.length  # type: ignore[attr-defined]
        for piece in split.pieces
    )
    assert taken + len(split.rest) == len(stream)
    assert len(split.rest) <= MAX_PARTIAL_BYTES
