"""One poll on the wire: parts, errors, frames that do not belong."""

from __future__ import annotations

import pytest

from headend.stage import METER, TODAY, poll
from mingdu.headend.exchange import Exchange, Progress
from mingdu.headend.items import requests_for
from mingdu.wire.dlt645.frame import Frame, encode_frame
from mingdu.wire.dlt645.replies import NO_SUCH_DATA, energies_payload, error_reply, read_reply
from mingdu.wire.dlt645.requests import read

ENERGY = 0x0001FF00
PAYLOAD = energies_payload([1_234_567, 200_000])
LONG = bytes(range(100)) * 5


def exchange_of(item: str = "energy", address: str = METER) -> Exchange:
    return Exchange(poll(item=item), requests_for(item, address, TODAY, TODAY))


def give(exchange: Exchange, frame: Frame) -> Progress:
    return exchange.take(frame, encode_frame(frame))


def test_one_frame_answers_one_read() -> None:
    exchange = exchange_of()
    reply = read_reply(METER, ENERGY, PAYLOAD)
    assert give(exchange, reply) is Progress.WHOLE
    assert exchange.is_whole
    assert exchange.raw == encode_frame(reply)


def test_an_item_of_two_reads_is_whole_after_both() -> None:
    exchange = exchange_of("daily_freeze")
    time_reply = read_reply(METER, 0x05060001, bytes(5))
    energy_reply = read_reply(METER, 0x05060101, PAYLOAD)
    assert give(exchange, time_reply) is Progress.NEXT
    assert exchange.request().data_id == 0x05060101
    assert give(exchange, energy_reply) is Progress.WHOLE
    assert exchange.raw == encode_frame(time_reply) + encode_frame(energy_reply)


def test_follow_ups_are_asked_until_the_last_part() -> None:
    exchange = exchange_of()
    parts = [read_reply(METER, ENERGY, LONG, sequence) for sequence in range(3)]
    assert give(exchange, parts[0]) is Progress.NEXT
    assert exchange.request().data.hex() == "00ff0100" + "01"
    assert give(exchange, parts[1]) is Progress.NEXT
    assert exchange.request().data.hex() == "00ff0100" + "02"
    assert give(exchange, parts[2]) is Progress.WHOLE
    assert exchange.raw == b"".join(encode_frame(part) for part in parts)


def test_after_a_time_out_the_read_in_hand_begins_anew() -> None:
    exchange = exchange_of()
    parts = [read_reply(METER, ENERGY, LONG, sequence) for sequence in range(3)]
    give(exchange, parts[0])
    give(exchange, parts[1])
    exchange.begin_again()
    assert exchange.tries == 2
    assert exchange.request() == read(METER, ENERGY)
    for part in parts:
        give(exchange, part)
    assert exchange.raw == b"".join(encode_frame(part) for part in parts)


@pytest.mark.parametrize(
    "frame",
    [
        read_reply(METER, ENERGY, LONG, 2),
        read_reply(METER, ENERGY, LONG),
        Frame(METER, 0x92, ENERGY.to_bytes(4, "little")),
        error_reply(Frame(METER, 0x12), METER, NO_SUCH_DATA),
        error_reply(Frame(METER, 0x11), METER, NO_SUCH_DATA),
    ],
    ids=["a later part", "the first again", "no sequence", "a refused follow-up", "a late refusal"],
)
def test_a_part_that_is_not_due_is_passed_over(frame: Frame) -> None:
    exchange = exchange_of()
    give(exchange, read_reply(METER, ENERGY, LONG))
    assert give(exchange, frame) is Progress.STALE
    assert give(exchange, read_reply(METER, ENERGY, LONG, 1)) is Progress.NEXT


def test_a_meter_can_refuse() -> None:
    exchange = exchange_of()
    assert give(exchange, error_reply(read(METER, ENERGY), METER, NO_SUCH_DATA)) is Progress.REFUSED
    assert exchange.refusal == b"\x02"


@pytest.mark.parametrize(
    "frame",
    [
        read_reply("202611230043", ENERGY, PAYLOAD),
        read_reply(METER, 0x00010000, PAYLOAD),
        Frame(METER, 0x9C),
        error_reply(read(METER, ENERGY), "202611230043", NO_SUCH_DATA),
    ],
    ids=["another meter", "another identifier", "another function", "another meter's refusal"],
)
def test_a_foreign_frame_answers_nothing(frame: Frame) -> None:
    exchange = exchange_of()
    assert give(exchange, frame) is Progress.FOREIGN
    assert not exchange.is_whole


def test_a_wildcard_learns_the_meters_address_and_keeps_to_it() -> None:
    exchange = exchange_of(address="AAAAAAAA0042")
    assert give(exchange, read_reply(METER, ENERGY, LONG)) is Progress.NEXT
    assert exchange.meter_address == METER
    assert exchange.request().address == METER


def test_a_meter_that_never_ends_is_noticed() -> None:
    exchange = exchange_of()
    head = ENERGY.to_bytes(4, "little")
    give(exchange, Frame(METER, 0xB1, head + b"\x00"))
    for sequence in range(1, 255):
        assert give(exchange, Frame(METER, 0xB2, head + b"\x00" + bytes((sequence,)))) is Progress.NEXT
    assert give(exchange, Frame(METER, 0xB2, head + b"\x00\xff")) is Progress.ENDLESS
