from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingdu.wire.dlt645.follow_up import NotAPart, PartLost, TooManyParts, begin, reassemble
from mingdu.wire.dlt645.frame import Frame, decode_frame, encode_frame
from mingdu.wire.dlt645.replies import PART_BYTES, error_reply, read_reply
from mingdu.wire.dlt645.requests import read, read_follow_up
from mingdu.wire.dlt645.values import read_values

METER = "202611230042"
DATA_ID = 0x0101FF00
PAYLOAD = bytes.fromhex("5634123010101126") * 60


def parts_of(payload: bytes, count: int) -> list[Frame]:
    return [read_reply(METER, DATA_ID, payload, sequence) for sequence in range(count)]


PARTS = parts_of(PAYLOAD, 3)


def test_puts_the_parts_together_in_order() -> None:
    assert [f"{frame.control:02X}" for frame in PARTS] == ["B1", "B2", "92"]
    whole = reassemble(decode_frame(encode_frame(frame)) for frame in PARTS)
    assert whole.data[4:] == PAYLOAD
    assert {value.printed for value in read_values(whole)} == {"12.3456"}
    assert len(read_values(whole)) == 60


def test_an_answer_in_one_frame_is_whole_at_once() -> None:
    frame = read_reply(METER, DATA_ID, PAYLOAD[:40])
    assert reassemble([frame]) == frame


def test_says_which_part_to_ask_for_next() -> None:
    assembly = begin(PARTS[0])
    assert (assembly.has_more, assembly.next_sequence) == (True, 1)
    assembly = assembly.add(PARTS[1])
    assert (assembly.has_more, assembly.next_sequence) == (True, 2)
    assert not assembly.add(PARTS[2]).has_more


def test_a_first_part_in_the_middle_starts_afresh() -> None:
    assert reassemble([PARTS[0], PARTS[1], *PARTS]).data[4:] == PAYLOAD


@pytest.mark.parametrize(
    "parts",
    [[], PARTS[:1], PARTS[:2], [PARTS[0], PARTS[2]], [PARTS[0], PARTS[1], PARTS[1]], [*PARTS, PARTS[2]]],
)
def test_names_a_part_that_is_missing_or_comes_twice(parts: list[Frame]) -> None:
    with pytest.raises(PartLost):
        reassemble(parts)


def other_meter() -> Frame:
    return read_reply("42", DATA_ID, PAYLOAD, 1)


def other_identifier() -> Frame:
    return read_reply(METER, 0x0102FF00, PAYLOAD, 1)


def refusal() -> Frame:
    return error_reply(read(METER, DATA_ID), METER, 0x02)


def echo() -> Frame:
    return read_follow_up(METER, DATA_ID, 1)


def part_without_sequence() -> Frame:
    return Frame(METER, 0x92, DATA_ID.to_bytes(4, "little"))


@pytest.mark.parametrize("make", [other_meter, other_identifier, refusal, echo, part_without_sequence])
def test_refuses_what_is_no_part_of_this_answer(make: Callable[[], Frame]) -> None:
    with pytest.raises(NotAPart):
        reassemble([PARTS[0], make()])


@pytest.mark.parametrize("first", [PARTS[1], refusal(), read(METER, DATA_ID)])
def test_refuses_to_begin_with_anything_but_a_first_part(first: Frame) -> None:
    with pytest.raises(NotAPart):
        reassemble([first])


def test_takes_255_follow_up_parts_and_no_more() -> None:
    assert len(reassemble(parts_of(bytes(256 * PART_BYTES), 256)).data) == 4 + 256 * PART_BYTES
    endless = parts_of(bytes(257 * PART_BYTES), 256)
    with pytest.raises(TooManyParts):
        reassemble(endless)


@given(st.binary(max_size=700))
def test_any_payload_comes_back(payload: bytes) -> None:
    count = max(1, -(-len(payload) // PART_BYTES))
    assert reassemble(parts_of(payload, count)).data[4:] == payload
