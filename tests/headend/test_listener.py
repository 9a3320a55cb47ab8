"""What a socket's bytes become: cut anywhere, damaged, mixed with garbage, too many."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from headend.stage import METER, PROFILE, TERMINAL, Stage
from mingdu.headend.listener import GARBAGE_MAX, WAITING_BYTES_MAX, TerminalSocket
from mingdu.headend.sessions import Hold
from mingdu.headend.settings import Settings
from mingdu.wire.dlt645.frame import encode_frame
from mingdu.wire.dlt645.replies import energies_payload, read_reply
from mingdu.wire.dlt645.stream import MAX_PARTIAL_BYTES, Garbage
from mingdu.wire.dtu import TerminalProfile, split_terminal_stream, write_heartbeat, write_registration

REGISTRATION = write_registration(TERMINAL, PROFILE)
HEARTBEAT = write_heartbeat(TERMINAL, PROFILE)
PUSHED = encode_frame(read_reply(METER, 0x0001FF00, energies_payload([1_234_567])))
LATER = encode_frame(read_reply(METER, 0x0001FF00, energies_payload([1_234_568])))


class Wire(asyncio.Transport):
    """A transport that only remembers."""

    def __init__(self) -> None:
        super().__init__({"peername": ("10.0.0.1", 4000)})
        self.written: list[bytes] = []
        self.is_paused = False
        self.closed = False

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False


class Caller:
    """A terminal at the other end of a socket."""

    def __init__(self, stage: Stage | None = None) -> None:
        self.stage = stage or Stage()
        self.wire = Wire()
        self.socket = TerminalSocket(self.stage.desk)
        self.socket.connection_made(self.wire)

    def log_in(self) -> Caller:
        self.socket.data_received(REGISTRATION)
        self.stage.decide({TERMINAL: 7})
        return self

    def stored(self) -> list[bytes]:
        return [answer.raw for answer in self.stage.commit().answers]


def test_a_registration_may_come_byte_by_byte() -> None:
    caller = Caller()
    for byte in REGISTRATION:
        assert not caller.wire.is_paused
        caller.socket.data_received(bytes((byte,)))
    assert caller.wire.is_paused
    caller.stage.decide({TERMINAL: 7})
    assert not caller.wire.is_paused
    assert caller.socket.session is not None
    assert caller.socket.peer == "10.0.0.1:4000"


def test_a_heartbeat_also_says_who_it_is() -> None:
    caller = Caller()
    caller.socket.data_received(HEARTBEAT)
    caller.stage.decide({TERMINAL: 7})
    assert caller.socket.session is not None


def test_the_profile_is_told_by_the_bytes() -> None:
    other = TerminalProfile("other", b"HELLO", b"ALIVE")
    caller = Caller(Stage(Settings((PROFILE, other))))
    caller.socket.data_received(write_registration(TERMINAL, other))
    (login,) = caller.stage.desk.waiting_logins()
    assert login.profile is other


@pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\n", PUSHED, b"\x4d\x44\xff"])
def test_whatever_else_comes_first_closes_the_line(first: bytes) -> None:
    caller = Caller()
    caller.socket.data_received(first)
    assert caller.wire.closed
    assert caller.stage.tally.bad_frames == 1
    assert caller.stage.desk.waiting_logins() == []


def test_what_follows_the_registration_at_once_is_kept_for_after_the_login() -> None:
    caller = Caller()
    caller.socket.data_received(REGISTRATION + PUSHED)
    caller.socket.data_received(LATER)
    assert caller.stored() == []
    caller.stage.decide({TERMINAL: 7})
    assert caller.stored() == [PUSHED, LATER]


def test_too_much_before_the_login_closes_the_line() -> None:
    caller = Caller()
    caller.socket.data_received(REGISTRATION)
    caller.socket.data_received(PUSHED * (WAITING_BYTES_MAX // len(PUSHED)))
    assert not caller.wire.closed
    caller.socket.data_received(PUSHED)
    assert caller.wire.closed


@pytest.mark.parametrize("place", range(len(PUSHED + HEARTBEAT + LATER)))
def test_a_stream_may_be_cut_anywhere(place: int) -> None:
    caller = Caller().log_in()
    stream = PUSHED + HEARTBEAT + LATER
    caller.socket.data_received(stream[:place])
    caller.socket.data_received(stream[place:])
    batch = caller.stage.commit()
    assert [answer.raw for answer in batch.answers] == [PUSHED, LATER]
    assert list(batch.beats) == [1]
    assert caller.stage.tally.bad_frames == 0


def test_raw_bytes_are_kept_as_they_came() -> None:
    caller = Caller().log_in()
    woken = b"\xfe\xfe\xfe" + PUSHED
    caller.socket.data_received(b"\x00\x11" + woken)
    assert caller.stored() == [woken]
    assert caller.stage.tally.bad_frames == 1


def test_a_wrong_checksum_is_counted_and_not_stored() -> None:
    caller = Caller().log_in()
    damaged = PUSHED[:-2] + bytes((PUSHED[-2] ^ 1, PUSHED[-1]))
    caller.socket.data_received(damaged + LATER)
    assert caller.stored() == [LATER]
    assert caller.stage.tally.bad_frames == 1
    assert not caller.wire.closed


def test_garbage_without_end_closes_the_line() -> None:
    caller = Caller().log_in()
    caller.socket.data_received(bytes(GARBAGE_MAX))
    assert not caller.wire.closed
    caller.socket.data_received(bytes(1 << 20))
    assert caller.wire.closed
    assert [ending.reason for ending in caller.stage.commit().endings] == ["garbage"]


def test_a_frame_between_forgives_the_garbage() -> None:
    caller = Caller().log_in()
    for _ in range(4):
        caller.socket.data_received(bytes(GARBAGE_MAX - 300) + PUSHED)
    assert not caller.wire.closed


def test_a_false_start_is_settled_at_the_time_out() -> None:
    caller = Caller().log_in()
    caller.socket.data_received(b"\x68" + bytes(6) + b"\x68\x91\xc8" + PUSHED)
    assert caller.stored() == []
    caller.socket.settle()
    assert caller.stored() == [PUSHED]


def test_settling_nothing_does_nothing() -> None:
    caller = Caller()
    caller.socket.settle()
    caller.log_in().socket.settle()
    assert caller.stage.tally.bad_frames == 0


def test_behind_the_end_of_a_session_nothing_is_taken() -> None:
    caller = Caller().log_in()
    caller.socket.data_received(write_heartbeat("053010000009", PROFILE) + PUSHED)
    caller.socket.data_received(LATER)
    assert caller.wire.closed
    assert caller.stored() == []


def test_a_peer_that_does_not_read_is_not_read_from() -> None:
    caller = Caller().log_in()
    caller.socket.pause_writing()
    assert caller.wire.is_paused
    caller.socket.hold(Hold.FULL)
    caller.socket.resume_writing()
    assert caller.wire.is_paused
    caller.socket.release(Hold.FULL)
    assert not caller.wire.is_paused


def test_a_lost_socket_takes_no_more_orders() -> None:
    caller = Caller().log_in()
    caller.socket.connection_lost(None)
    caller.socket.send(b"late")
    caller.socket.close()
    caller.socket.hold(Hold.FULL)
    caller.socket.release(Hold.FULL)
    assert caller.wire.written == []
    assert not caller.stage.desk.sessions


@settings(max_examples=60, deadline=None)
@example(noise=b"\xfe", cuts=[])
@example(noise=b"\x68" + bytes(6) + b"\x68\x91\xc8", cuts=[40])
@given(noise=st.binary(max_size=300), cuts=st.lists(st.integers(0, 700), max_size=6))
def test_garbage_never_loses_the_frames_around_it(noise: bytes, cuts: list[int]) -> None:
    # A run longer than any frame, of bytes that are no BCD, ends what the noise may have begun.
    noise += b"\xaa" * MAX_PARTIAL_BYTES
    # Noise may spell a heartbeat of another address (FE 00 and six zeros do); that rightly ends the session.
    assume(all(isinstance(piece, Garbage) for piece in split_terminal_stream(noise, PROFILE).pieces))
    caller = Caller().log_in()
    stream = PUSHED + noise + LATER
    last = 0
    for cut in [*sorted(cuts), len(stream)]:
        caller.socket.data_received(stream[last:cut])
        last = cut
    stored = caller.stored()
    assert (stored[0], stored[-1]) == (PUSHED, LATER)
