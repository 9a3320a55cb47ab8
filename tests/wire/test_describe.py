import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingdu.errors import TradeError
from mingdu.wire.describe import TARIFF_NAMES, UnknownProtocol, describe, not_bcd_error
from mingdu.wire.dlt645.frame import Frame, encode_frame
from mingdu.wire.dlt645.replies import energies_payload, error_reply, read_reply
from mingdu.wire.dlt645.requests import read
from wire.dlt645.golden import FAULTS, FRAMES, RELAY_TRIP, raw_frame

METER = "202611230042"
DECODE_ERRORS = {
    *("BadStart", "CutFrame", "TooLong", "LengthMismatch", "BadChecksum", "BadEnd"),
    *("TrailingBytes", "UnknownProtocol"),
}
FAULTY = [row for row in FAULTS if row["outcome"][0].isupper() and row["outcome"] != "NotBcd"]


def test_prints_the_object_of_the_contract() -> None:
    frame = read_reply(METER, 0x00010000, energies_payload([1_234_567]))
    assert json.dumps(describe(encode_frame(frame))[0], separators=(",", ":")) == (
        '{"protocol":"dlt645-2007","address":"202611230042","direction":"from_meter","control":"91",'
        '"function":"read","error":null,"more":false,"data_id":"00010000","data":"0000010067452301",'
        '"values":[{"name":"forward_active_energy","register":"TOTAL","settlement":0,"value":"12345.67",'
        '"unit":"kWh","quality":"measured"}]}'
    )


@pytest.mark.parametrize("row", FRAMES, ids=lambda row: row["id"])
def test_describes_every_real_frame(row: dict[str, str]) -> None:
    (described,) = describe(bytes.fromhex(row["hex"]))
    for key in ("protocol", "address", "control", "data"):
        assert described[key] == row[key]
    assert (described["data_id"] or "") == row["data_id"]
    assert "|".join(value["value"] for value in described["values"]) == row["values"]
    assert described["error"] is None
    assert not_bcd_error([described]) is None


@pytest.mark.parametrize("row", FAULTY, ids=lambda row: row["id"])
def test_names_every_fault(row: dict[str, str]) -> None:
    with pytest.raises(TradeError) as caught:
        describe(bytes.fromhex(row["hex"]))
    assert caught.value.name == row["outcome"]


def test_a_value_that_is_no_decimal_is_printed_as_null_with_its_bytes() -> None:
    described = describe(raw_frame("N06"))
    (value,) = described[0]["values"]
    assert (value["value"], value["quality"], value["raw"]) == (None, "not_bcd", "00000e00")
    error = not_bcd_error(described)
    assert error is not None
    assert error.values == {"address": "910004360618", "data_id": "00010000", "raw": "00000e00"}


def test_a_month_34_is_a_bad_time_and_no_error() -> None:
    described = describe(raw_frame("N10"))
    (value,) = described[0]["values"]
    assert (value["value"], value["quality"]) == (None, "bad_time")
    assert not_bcd_error(described) is None


def test_an_echo_and_its_answer_are_two_objects() -> None:
    echo, answer = describe(raw_frame("N14"))
    assert (echo["direction"], echo["address"], echo["values"]) == ("to_meter", "AAAAAAAAAAAA", [])
    assert (answer["direction"], answer["address"]) == ("from_meter", "123456789012")
    assert [value["value"] for value in answer["values"]] == ["1234.56"]


def test_names_the_registers_of_tariffs() -> None:
    (described,) = describe(encode_frame(read_reply(METER, 0x0001FF02, energies_payload(range(8)))))
    assert [value["register"] for value in described["values"]] == [
        *TARIFF_NAMES.values(),
        "TARIFF_6",
        "TARIFF_7",
    ]
    assert {value["settlement"] for value in described["values"]} == {2}


def test_a_demand_has_the_time_it_happened() -> None:
    payload = bytes.fromhex("5634123010101126")
    (described,) = describe(encode_frame(read_reply(METER, 0x01010000, payload)))
    assert described["values"] == [
        {
            "name": "forward_active_demand_max",
            "register": "TOTAL",
            "settlement": 0,
            "value": "12.3456",
            "unit": "kW",
            "quality": "measured",
            "at": "2026-11-10T10:30",
        }
    ]


def test_an_absent_phase_is_null_and_missing() -> None:
    (described,) = describe(encode_frame(read_reply(METER, 0x0201FF00, bytes.fromhex("0122ffffffff"))))
    assert [(value["value"], value["quality"]) for value in described["values"]] == [
        ("220.1", "measured"),
        (None, "missing"),
        (None, "missing"),
    ]


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("02", {"code": "02", "names": ["no_such_data"]}),
        ("06", {"code": "06", "names": ["no_such_data", "not_authorised"]}),
        ("0280", {"code": "8002", "names": []}),
        ("", {"code": "", "names": []}),
    ],
)
def test_an_error_reply_names_its_bits(word: str, error: dict[str, object]) -> None:
    (described,) = describe(encode_frame(Frame(METER, 0xD1, bytes.fromhex(word))))
    assert described["error"] == error
    assert (described["function"], described["data_id"], described["values"]) == ("read", None, [])


def test_a_1997_error_has_its_own_bits() -> None:
    (described,) = describe(encode_frame(error_reply(Frame(METER, 0x01, b"\x10\x90"), METER, 0x01)))
    assert (described["protocol"], described["error"]["names"]) == ("dlt645-1997", ["illegal_data"])


def test_an_unknown_identifier_and_function_have_no_values() -> None:
    unknown_id, unknown_function = describe(
        encode_frame(read_reply(METER, 0xFEFEFE00, b"\x01")) + encode_frame(Frame(METER, 0x1F, b"\x01"))
    )
    assert (unknown_id["data_id"], unknown_id["values"]) == ("FEFEFE00", [])
    assert (unknown_function["function"], unknown_function["values"]) == ("unknown", [])


def test_says_that_more_frames_follow() -> None:
    (described,) = describe(encode_frame(read_reply(METER, 0x0001FF00, energies_payload([1] * 60))))
    assert (described["control"], described["more"], described["values"]) == ("B1", True, [])


def test_a_protocol_by_name_is_believed() -> None:
    raw = encode_frame(Frame(METER, 0x08, bytes.fromhex("512210050617")))
    assert [describe(raw, protocol=name)[0]["protocol"] for name in (None, "dlt645-1997")] == [
        "dlt645-2007",
        "dlt645-1997",
    ]


def test_refuses_a_protocol_that_it_does_not_know() -> None:
    with pytest.raises(UnknownProtocol) as caught:
        describe(encode_frame(read(METER, 0)), protocol="dlt698")
    assert caught.value.values["known"] == ["dlt645-2007", "dlt645-1997"]


def test_an_address_that_looks_like_an_uplink_is_still_a_meter() -> None:
    raw = encode_frame(Frame("016800320032", 0x11, bytes(4)))
    assert raw[1:6] == bytes.fromhex("3200320068")
    assert describe(raw)[0]["address"] == "016800320032"


def test_the_data_of_a_command_is_whole_because_the_asker_has_it() -> None:
    assert describe(RELAY_TRIP)[0]["data"] == "02370602010000001a00000000301299"


@given(st.binary(max_size=64), st.sampled_from([None, "dlt645-2007", "dlt645-1997"]))
def test_random_bytes_raise_only_errors_of_the_trade(raw: bytes, protocol: str | None) -> None:
    try:
        described = describe(raw, protocol=protocol)
    except TradeError as error:
        assert error.name in DECODE_ERRORS
    else:
        assert described


@given(st.integers(0, 255), st.binary(max_size=60), st.sampled_from([None, "dlt645-2007", "dlt645-1997"]))
def test_any_whole_frame_is_described_as_json(control: int, data: bytes, protocol: str | None) -> None:
    (described,) = describe(encode_frame(Frame(METER, control, data)), protocol=protocol)
    assert json.loads(json.dumps(described))["data"] == data.hex()
