"""The meters on the wire: they tell what the town recorded, nothing newer, and are silent to others."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from mingdu.core.registers import Register
from mingdu.town.faults import Kind
from mingdu.town.memory import MeterMemory, memories_of
from mingdu.town.meters import SimulatedMeter
from mingdu.town.model import Town
from mingdu.town.roster import FACTORY, QUESTIONED
from mingdu.town.span import INTERVALS, ZONE
from mingdu.wire.dlt645 import requests
from mingdu.wire.dlt645.follow_up import reassemble
from mingdu.wire.dlt645.formats import Value
from mingdu.wire.dlt645.frame import BROADCAST, Frame, decode_frame, encode_frame
from mingdu.wire.dlt645.values import read_values

NOW = datetime(2027, 1, 4, 9, 0, tzinfo=ZONE)
ENERGY_BLOCK, PROFILE = 0x0001FF00, 0x06040001


@pytest.fixture(scope="module")
def memories(town: Town) -> list[MeterMemory]:
    return memories_of(town)


@pytest.fixture
def home(memories: list[MeterMemory]) -> SimulatedMeter:
    return meter_of(memories, QUESTIONED)


def meter_of(memories: list[MeterMemory], number: int, *, is_new: bool = False) -> SimulatedMeter:
    (memory,) = (
        each
        for each in memories
        if each.number == number and not each.is_area and (each.begins > 0) == is_new
    )
    return SimulatedMeter(memory)


def ask(meter: SimulatedMeter, request: Frame, now: datetime = NOW) -> tuple[Value, ...]:
    """Ask over the wire, follow-ups and all."""
    (first,) = meter.answer(decode_frame(encode_frame(request)), now)
    parts = [decode_frame(encode_frame(first))]
    while parts[-1].has_more:
        assert request.data_id is not None
        follow_up = requests.read_follow_up(meter.address, request.data_id, len(parts))
        parts += [decode_frame(encode_frame(frame)) for frame in meter.answer(follow_up, now)]
    return read_values(reassemble(parts))


def digits(values: tuple[Value, ...]) -> list[int | None]:
    return [value.digits for value in values]


def refusal(meter: SimulatedMeter, request: Frame, now: datetime = NOW) -> int:
    (reply,) = meter.answer(request, now)
    assert reply.is_error
    return reply.data[0]


def test_the_last_settlement_is_the_register_at_the_end_of_the_year(home: SimulatedMeter, town: Town) -> None:
    shown = town.registers([QUESTIONED], [date(2027, 1, 1)])
    total, sharp, *periods = digits(ask(home, requests.read(home.address, 0x0001FF01)))
    assert total == shown[Register.TOTAL][0, 0] == 635_847
    assert sharp == 0
    assert periods == [shown[period][0, 0] for period in (Register.PEAK, Register.FLAT, Register.VALLEY)]


def test_one_tariff_is_one_of_the_block(home: SimulatedMeter) -> None:
    block = digits(ask(home, requests.read(home.address, ENERGY_BLOCK)))
    assert digits(ask(home, requests.read(home.address, 0x00010200))) == [block[2]]


def test_nothing_is_used_after_the_last_day(home: SimulatedMeter) -> None:
    now = digits(ask(home, requests.read(home.address, ENERGY_BLOCK)))
    assert now == digits(ask(home, requests.read(home.address, 0x0001FF01)))


def test_now_decides_what_the_register_shows(home: SimulatedMeter, town: Town) -> None:
    noon = datetime(2026, 12, 15, 12, 7, tzinfo=ZONE)
    midnight = town.registers([QUESTIONED], [noon.date()])[Register.TOTAL][0, 0]
    morning = town.curves([QUESTIONED], noon.date(), 1).digits[0, 0, :48].sum()
    assert digits(ask(home, requests.read(home.address, 0x00010000), noon)) == [midnight + morning]


@pytest.mark.parametrize("nth", [4, 5, 62])
def test_a_daily_freeze_tells_its_midnight_and_its_registers(
    home: SimulatedMeter, town: Town, nth: int
) -> None:
    midnight = date(2027, 1, 4) - timedelta(days=nth - 1)
    (at,) = ask(home, requests.read(home.address, 0x05060000 + nth))
    assert at.text == f"{midnight}T00:00"
    frozen = digits(ask(home, requests.read(home.address, 0x05060100 + nth)))
    assert frozen[0] == town.registers([QUESTIONED], [midnight])[Register.TOTAL][0, 0]


def test_no_freeze_is_made_after_the_towns_last_day(home: SimulatedMeter) -> None:
    assert refusal(home, requests.read(home.address, 0x05060103)) == 0x02


def test_the_load_profile_gives_back_the_curve(home: SimulatedMeter, town: Town) -> None:
    day = datetime(2026, 12, 29, tzinfo=ZONE)
    values = ask(home, requests.read_profile_blocks(home.address, PROFILE, 97, day))
    assert [value.at for value in values[:2]] == ["2026-12-29T00:00", "2026-12-29T00:15"]
    steps = np.diff([value.digits for value in values if value.digits is not None])
    assert np.array_equal(steps, town.curves([QUESTIONED], day.date(), 1).digits[0, 0])


def test_the_load_profile_ends_now(home: SimulatedMeter) -> None:
    now = datetime(2026, 12, 29, 1, 5, tzinfo=ZONE)
    asked = requests.read_profile_blocks(home.address, PROFILE, 97, now - timedelta(hours=1))
    values = ask(home, asked, now)
    assert [value.at for value in values] == [
        "2026-12-29T00:15",
        "2026-12-29T00:30",
        "2026-12-29T00:45",
        "2026-12-29T01:00",
    ]


def test_newest_and_oldest_records_need_no_time(home: SimulatedMeter) -> None:
    (newest,) = ask(home, requests.read_profile_blocks(home.address, 0x06040002, 1))
    assert newest.at == "2027-01-01T00:00"
    (oldest,) = ask(home, requests.read_profile_blocks(home.address, 0x06040000, 1))
    assert oldest.at == "2026-11-03T09:00"


def test_a_gap_has_no_records_inside(memories: list[MeterMemory], town: Town) -> None:
    fault = next(each for each in town.faults if each.kind is Kind.GAP and each.start >= 31 * 11 * INTERVALS)
    meter = meter_of(memories, fault.point)
    begin = town.span.time(fault.start)
    values = ask(
        meter, requests.read_profile_blocks(meter.address, PROFILE, 99, begin), NOW - timedelta(days=5)
    )
    times = {value.at for value in values}
    inside = [town.span.time(moment) for moment in range(fault.start + 1, min(fault.stop, fault.start + 99))]
    assert f"{begin:%Y-%m-%dT%H:%M}" in times
    assert not {f"{moment:%Y-%m-%dT%H:%M}" for moment in inside} & times


def test_an_exchanged_meter_is_silent_and_the_new_one_speaks(memories: list[MeterMemory], town: Town) -> None:
    for fault in (each for each in town.faults if each.kind is Kind.EXCHANGE):
        old, new = meter_of(memories, fault.point), meter_of(memories, fault.point, is_new=True)
        at, read = town.span.time(fault.start), town.bucket(0).exchange(fault)
        before = at - timedelta(minutes=1)
        assert new.answer(requests.read(new.address, ENERGY_BLOCK), before) == ()
        assert old.answer(requests.read(old.address, ENERGY_BLOCK), at) == ()
        shown = digits(ask(new, requests.read(new.address, ENERGY_BLOCK), at))
        assert shown[0] == read.first[Register.TOTAL]
        assert refusal(new, requests.read(new.address, 0x05060101), at) == 0x02
        last = digits(ask(old, requests.read(old.address, ENERGY_BLOCK), before))[0]
        assert last is not None
        assert 0 <= read.last[Register.TOTAL] - last <= 1_000
        next_midnight = at.replace(hour=0, minute=0) + timedelta(days=1)
        shown = digits(ask(new, requests.read(new.address, ENERGY_BLOCK), next_midnight))
        frozen = town.registers([fault.point], [next_midnight.date()])
        assert shown[0] == frozen[Register.TOTAL][0, 0]


def test_the_factory_tells_its_demand_with_time_and_its_reactive_registers(
    memories: list[MeterMemory], town: Town
) -> None:
    factory = meter_of(memories, FACTORY)
    maximum = town.demand([FACTORY], date(2026, 12, 1))
    (december,) = ask(factory, requests.read(factory.address, 0x01010001))
    assert december.digits == maximum.digits[0]
    assert december.at == f"{maximum.at[0]}"
    (january,) = ask(factory, requests.read(factory.address, 0x0101FF00))
    assert (january.digits, january.at) == (0, None)
    frozen = town.registers([FACTORY], [date(2027, 1, 1)])
    assert digits(ask(factory, requests.read(factory.address, 0x00030001))) == [
        frozen[Register.REACTIVE_FORWARD][0, 0]
    ]
    assert digits(ask(factory, requests.read(factory.address, 0x05060404))) == [
        frozen[Register.REACTIVE_REVERSE][0, 0]
    ]
    assert digits(ask(factory, requests.read(factory.address, 0x05060904))) == [maximum.digits[0]]


def test_an_area_meter_gives_back_its_curve(memories: list[MeterMemory], town: Town) -> None:
    meter = SimulatedMeter(next(each for each in memories if each.is_area and each.number == 2))
    day = datetime(2026, 12, 30, tzinfo=ZONE)
    values = ask(meter, requests.read_profile_blocks(meter.address, PROFILE, 97, day))
    steps = np.diff([value.digits for value in values if value.digits is not None])
    assert np.array_equal(steps, town.area_curves(day.date(), 1)[1, 0])


def test_clock_status_and_addresses(home: SimulatedMeter) -> None:
    assert [value.text for value in ask(home, requests.read(home.address, 0x04000101))[1:]] == ["2027-01-04"]
    assert ask(home, requests.read(home.address, 0x04000102))[0].text == "09:00:00"
    assert ask(home, requests.read(home.address, 0x04000401))[0].text == home.address
    assert [value.text for value in ask(home, requests.read(home.address, 0x04000503))] == ["0000", "closed"]
    assert len(ask(home, requests.read(home.address, 0x040005FF))) == 7


def test_a_wildcard_is_answered_with_the_real_address(home: SimulatedMeter) -> None:
    (reply,) = home.answer(requests.read_address(), NOW)
    assert reply.address == home.address
    assert read_values(reply)[0].text == home.address


@pytest.mark.parametrize(
    "request_frame",
    [
        requests.read("202611230042", ENERGY_BLOCK),
        requests.read(BROADCAST, ENERGY_BLOCK),
        requests.sync_time(NOW),
    ],
    ids=["another address", "broadcast", "time sync"],
)
def test_is_silent(home: SimulatedMeter, request_frame: Frame) -> None:
    assert home.answer(request_frame, NOW) == ()


@pytest.mark.parametrize(
    ("data_id", "why"),
    [
        (0x00090000, "no such energy"),
        (0x00010500, "no such tariff"),
        (0x00030000, "no reactive register in a home"),
        (0x0001000D, "13th settlement"),
        (0x0506013F, "63rd freeze"),
        (0x05060100, "freeze before now"),
        (0x02010100, "no voltage"),
        (PROFILE, "no number of records"),
    ],
)
def test_refuses_what_it_does_not_hold(home: SimulatedMeter, data_id: int, why: str) -> None:
    assert refusal(home, requests.read(home.address, data_id)) == 0x02, why


@pytest.mark.parametrize(
    "arguments",
    ["01 00 00 32 13 26", "01 FA 00 01 12 26", "01 00 00 01 01 40"],
    ids=["day 32", "no BCD", "year 2040"],
)
def test_refuses_records_from_an_impossible_time(home: SimulatedMeter, arguments: str) -> None:
    data = PROFILE.to_bytes(4, "little") + bytes.fromhex(arguments)
    assert refusal(home, Frame(home.address, 0x11, data)) == 0x02


def test_refuses_commands_and_reads_that_make_no_sense(home: SimulatedMeter) -> None:
    assert refusal(home, requests.freeze(home.address)) == 0x04
    assert refusal(home, Frame(home.address, 0x11, b"\x00")) == 0x02
    assert refusal(home, requests.read_follow_up(home.address, ENERGY_BLOCK, 3)) == 0x02
    assert refusal(home, Frame(home.address, 0x12, ENERGY_BLOCK.to_bytes(4, "little"))) == 0x02


def test_a_settlement_before_the_town_began_does_not_exist(home: SimulatedMeter) -> None:
    assert refusal(home, requests.read(home.address, 0x00010003), datetime(2026, 1, 5, tzinfo=ZONE)) == 0x02
