from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingdu.wire.dlt645.formats import SlotQuality
from mingdu.wire.dlt645.frame import Frame, decode_frame
from mingdu.wire.dlt645.values import read_payload, read_values
from wire.dlt645.golden import FRAMES
from wire.dlt645.twin import plain_numbers

METER = "202611230042"


def reply(data_id: int, payload: str | bytes, control: int = 0x91) -> Frame:
    raw = payload if isinstance(payload, bytes) else bytes.fromhex(payload)
    return Frame(METER, control, data_id.to_bytes(4, "little") + raw)


def printed(frame: Frame) -> list[str | None]:
    return [value.printed for value in read_values(frame)]


@pytest.mark.parametrize("row", FRAMES, ids=lambda row: row["id"])
def test_reads_the_values_of_every_real_frame(row: dict[str, str]) -> None:
    values = read_values(decode_frame(bytes.fromhex(row["hex"])))
    assert "|".join(value.printed or "" for value in values) == row["values"]
    if row["unit"]:
        assert {value.item.format.unit for value in values} == {row["unit"]}


# One line a format: identifier, payload, name, what is printed.
FORMATS = [
    (0x00010000, "67452301", "forward_active_energy", ["12345.67"]),
    (0x00000000, "67452381", "combined_active_energy", ["-12345.67"]),
    (0x00020101, "00000000", "reverse_active_energy", ["0.00"]),
    (0x00030000, "01000080", "combined_reactive_1_energy", ["-0.01"]),
    (0x00080300, "99999999", "reactive_quadrant_4_energy", ["999999.99"]),
    (0x00150000, "01000000", "forward_active_energy_a", ["0.01"]),
    (0x003E0000, "01000000", "reverse_active_energy_c", ["0.01"]),
    (0x00900100, "50000000", "remaining_energy", ["0.50"]),
    (0x02020100, "341280", "current_a", ["-1.234"]),
    (0x02030000, "563412", "active_power_total", ["12.3456"]),
    (0x02030300, "563492", "active_power_c", ["-12.3456"]),
    (0x02050000, "563412", "apparent_power_total", ["12.3456"]),
    (0x02060000, "9899", "power_factor_total", ["-1.998"]),
    (0x02800002, "9849", "frequency", ["49.98"]),
    (0x02800007, "5580", "temperature", ["-5.5"]),
    (0x03110000, "120000", "power_fail_count", ["12"]),
    (0x03300D00, "030000", "cover_open_count", ["3"]),
    (0x04000102, "300510", "time_of_day", ["10:05:30"]),
    (0x0400010C, "30051001231126", "clock", ["2026-11-23T10:05:30"]),
    (0x04000401, "420023112620", "meter_address", [METER]),
    (0x04000501, "3412", "status_word_1", ["1234"]),
    (0x04000503, "1000", "status_word_3", ["0010", "open"]),
    (0x04000B01, "0001", "settlement_1_hour", ["0", "1"]),
    (0x05060001, "0000231126", "daily_freeze_at", ["2026-11-23T00:00"]),
    (0x05040005, "0010231126", "hourly_freeze_at", ["2026-11-23T10:00"]),
    (0x05000103, "67452301", "timed_freeze_forward_active_energy", ["12345.67"]),
    (0x05010201, "67452301", "instant_freeze_reverse_active_energy", ["12345.67"]),
    (0x1D000001, "070000", "trip_count", ["7"]),
]


@pytest.mark.parametrize(("data_id", "payload", "name", "expected"), FORMATS)
def test_reads_every_format(data_id: int, payload: str, name: str, expected: list[str]) -> None:
    values = read_values(reply(data_id, payload))
    assert values[0].name == name
    assert [value.printed for value in values] == expected
    assert {value.quality for value in values} == {SlotQuality.MEASURED}


def test_knows_tariff_and_settlement_of_an_energy() -> None:
    values = read_values(reply(0x0001FF0C, "01000000" * 5))
    assert [value.item.tariff for value in values] == [0, 1, 2, 3, 4]
    assert {value.item.settlement for value in values} == {12}


@pytest.mark.parametrize("tariffs", [1, 2, 5, 49])
def test_a_block_may_carry_fewer_tariffs_than_were_asked_for(tariffs: int) -> None:
    assert printed(reply(0x0001FF00, "67452301" * tariffs)) == ["12345.67"] * tariffs


def test_takes_the_separators_of_old_meters_out_of_a_block() -> None:
    between = "67452301aa" * 4 + "67452301"
    assert printed(reply(0x0001FF00, between)) == ["12345.67"] * 5
    assert printed(reply(0x0001FF00, between + "aa")) == ["12345.67"] * 5


def test_reads_demand_with_its_time() -> None:
    (value,) = read_values(reply(0x01010000, "5634123010101126"))
    assert (value.printed, value.at, value.item.format.unit) == ("12.3456", "2026-11-10T10:30", "kW")


def test_a_demand_that_never_happened_has_no_time() -> None:
    (value,) = read_values(reply(0x01010000, "00" * 8))
    assert (value.printed, value.at, value.quality) == ("0.0000", None, SlotQuality.MEASURED)


@pytest.mark.parametrize(
    ("time", "quality"), [("3010103426", SlotQuality.BAD_TIME), ("3a10101126", SlotQuality.NOT_BCD)]
)
def test_a_demand_whose_time_is_bad_has_no_value(time: str, quality: SlotQuality) -> None:
    (value,) = read_values(reply(0x01010000, "563412" + time))
    assert (value.digits, value.at, value.quality) == (None, None, quality)


def test_an_absent_phase_is_missing_and_no_number() -> None:
    values = read_values(reply(0x0201FF00, "0122ffffffff"))
    assert [value.name for value in values] == ["voltage_a", "voltage_b", "voltage_c"]
    assert [value.printed for value in values] == ["220.1", None, None]
    assert [value.quality.value for value in values] == ["measured", "missing", "missing"]


@pytest.mark.parametrize(
    ("data_id", "payload", "quality"),
    [
        (0x00010000, "00000e00", "not_bcd"),
        (0x04000401, "0000000000aa", "not_bcd"),
        (0x04000401, "ffffffffffff", "missing"),
        (0x04000404, "ffffffffffff", "missing"),
        (0x04000404, "000056303203", "not_text"),
        (0x04000404, "0000563032e9", "not_text"),
        (0x05060001, "0000000000", "missing"),
        (0x05060001, "0000323026", "bad_time"),
        (0x05060001, "0000300226", "bad_time"),
        (0x05060001, "000a231126", "not_bcd"),
        (0x04000102, "000025", "bad_time"),
        (0x04000102, "ffffff", "missing"),
    ],
)
def test_a_bad_slot_keeps_its_raw_bytes_and_says_why(data_id: int, payload: str, quality: str) -> None:
    (value,) = read_values(reply(data_id, payload))
    assert (value.printed, value.quality.value, value.raw.hex()) == (None, quality, payload)


def test_midnight_is_a_time_of_day() -> None:
    assert printed(reply(0x04000102, "000000")) == ["00:00:00"]


def test_reads_a_power_fail_record_and_a_cover_record() -> None:
    times = "300510231126" + "310510231126"
    assert printed(reply(0x03110001, times)) == ["2026-11-23T10:05:30", "2026-11-23T10:05:31"]
    record = read_values(reply(0x03300D01, times + "01000000" * 12))
    assert [value.name for value in record[2:9]] == [
        "forward_active_energy_before",
        "reverse_active_energy_before",
        "reactive_quadrant_1_energy_before",
        "reactive_quadrant_2_energy_before",
        "reactive_quadrant_3_energy_before",
        "reactive_quadrant_4_energy_before",
        "forward_active_energy_after",
    ]


@pytest.mark.parametrize(
    ("data_id", "payload"),
    [
        (0x00900100, "00" * 39),  # street-light controllers use this identifier for 39 bytes
        (0x00010000, "000000"),
        (0x0001FF00, "0000000000"),
        (0x0001FF00, "00000000" * 65),
        (0x0001FF00, ""),
        (0x00014000, "00000000"),
        (0x0001000D, "00000000"),
        (0x00770000, "00000000"),
        (0x01770000, "00" * 8),
        (0x02010000, "0000"),
        (0x02010400, "0000"),
        (0x02010101, "0000"),
        (0x02770100, "0000"),
        (0x05060000, "00" * 5),
        (0x0506003F, "00" * 5),
        (0x05067701, "00" * 4),
        (0x05770001, "00" * 5),
        (0x06010000, "00"),
        (0x06040000, "a0a0"),
        (0x07000000, "00"),
        (0xFFFFFFFF, "00"),
        (0x03300D01, "00" * 72),  # one library's record, twelve bytes longer than the known one
    ],
)
def test_an_unknown_identifier_or_length_has_no_values(data_id: int, payload: str) -> None:
    assert read_values(reply(data_id, payload)) == ()


@pytest.mark.parametrize(
    ("control", "data", "expected"),
    [
        (0xB1, "00ff010067452301", []),
        (0xD1, "02", []),
        (0x91, "0001", []),
        (0x92, "00ff01006745230102", ["2"]),
        (0x92, "00ff0100", []),
        (0x12, "00ff010002", ["2"]),
        (0x12, "00ff01000201", []),
        (0x11, "00000406" + "04", ["4"]),
        (0x11, "01000406" + "04" + "0000231126", ["4", "2026-11-23T00:00"]),
        (0x11, "01000406" + "0400", []),
        (0x13, "", []),
        (0x15, "420023112620", [METER]),
        (0x08, "562534024411", ["bad"]),
        (0x16, "99999999", ["99-99T99:99"]),
        (0x16, "00009999", ["99-99T00:00"]),
        (0x16, "0000999a", ["bad"]),
        (0x16, "0000", []),
        (0x17, "08", ["2400"]),
        (0x97, "08", ["2400"]),
        (0x17, "09", []),
        (0x17, "", []),
        (0x1C, "02370602010000003a00000000301299", ["00000001", "keep_power", "2099-12-30T00:00:00"]),
        (0x1C, "02370602010000007700000000301299", ["00000001", "77", "2099-12-30T00:00:00"]),
        (0x1C, "0237", []),
        (0x14, "02010004" + "04111111" + "01000000" + "300510", ["00000001", "10:05:30"]),
        (0x14, "02010004", []),
        (0x1F, "00", []),
        (0x9C, "", []),
    ],
)
def test_reads_what_other_functions_carry(control: int, data: str, expected: list[str]) -> None:
    frame = Frame(METER, control, bytes.fromhex(data))
    assert [text or "bad" for text in printed(frame)] == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("20900a000000", ["bad"]),
        ("209015000000", ["0.15"]),
        ("109415000000", ["0.15"]),
        ("109c15000000", []),
        ("2f91" + "15000000" * 2, ["0.15", "0.15"]),
        ("11b62002", ["220"]),
        ("1fb62002ffff2102", ["220", "bad", "221"]),
        ("14b62002", []),
        ("21b60005", ["5.00"]),
        ("30b6000000", ["0.0000"]),
        ("10c001231126", ["1", "2026-11-23"]),
        ("11c0300510", ["10:05:30"]),
        ("30c0003200", ["3200"]),
        ("99990000", []),
    ],
)
def test_reads_the_subset_of_1997(data: str, expected: list[str]) -> None:
    frame = Frame(METER, 0x81, bytes.fromhex(data))
    assert [text or "bad" for text in printed(frame)] == expected


def test_1997_requests_and_first_parts_hold_no_values_but_the_clock_does() -> None:
    assert read_values(Frame(METER, 0x01, b"\x10\x90")) == ()
    assert read_values(Frame(METER, 0xA1, bytes.fromhex("109015000000"))) == ()
    assert read_values(Frame(METER, 0x82, bytes.fromhex("109015000000"))) == ()
    (clock,) = read_values(Frame(METER, 0x08, bytes.fromhex("512210050617")), "dlt645-1997")
    assert clock.printed == "2017-06-05T10:22:51"


# Families of one width, for the judge: identifier of the block, width, decimals, signed.
FAMILIES = [
    (0x0001FF00, 4, 2, False),
    (0x0000FF01, 4, 2, True),
    (0x0005FF0C, 4, 2, False),
    (0x05060101, 4, 2, False),
    (0x0201FF00, 2, 1, False),
    (0x0202FF00, 3, 3, True),
    (0x0203FF00, 3, 4, True),
    (0x0206FF00, 2, 3, True),
]


@given(st.sampled_from(FAMILIES), st.data())
def test_agrees_with_the_plain_twin(family: tuple[int, int, int, bool], data: st.DataObject) -> None:
    data_id, width, decimals, signed = family
    digit_pairs = st.integers(0, 99).map(lambda pair: int(str(pair), 16))
    octet = st.one_of(digit_pairs, digit_pairs, st.integers(0, 0xA9))
    payload = bytes(data.draw(st.lists(octet, min_size=3 * width, max_size=3 * width)))
    judge = plain_numbers(list(payload), width, decimals, signed)
    values = read_values(reply(data_id, payload))
    assert [None if v.printed is None else Decimal(v.printed) for v in values] == judge


@given(st.integers(0, 255), st.binary(max_size=80))
def test_random_data_fields_never_raise(control: int, data: bytes) -> None:
    for standard in (None, "dlt645-2007", "dlt645-1997"):
        for value in read_values(Frame(METER, control, data), standard):
            assert (value.quality is SlotQuality.MEASURED) == (value.printed is not None)


def test_times_print_as_the_calendar_reads_them() -> None:
    (value,) = read_values(reply(0x05060001, "5923290224"))
    assert value.printed is not None
    assert datetime.fromisoformat(value.printed).isoformat(timespec="minutes") == "2024-02-29T23:59"


def test_no_layout_means_no_values() -> None:
    assert read_payload(None, b"\x00") == ()
