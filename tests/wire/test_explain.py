import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingdu.wire.dlt645.frame import Frame, encode_frame
from mingdu.wire.dlt645.replies import read_reply
from mingdu.wire.explain import explain
from wire.dlt645.golden import FRAMES, RELAY_TRIP, raw_frame

METER = "202611230042"


def test_explains_every_byte_of_an_answer() -> None:
    assert explain(raw_frame("A58")) == [
        "        0  FE                        preamble, 1 bytes",
        "        1  68                        start, dlt645-2007",
        "      2–7  05 85 81 16 00 00         address 000016818505, low byte first",
        "        8  68                        start of the body",
        "        9  91                        control: from meter, read",
        "       10  06                        length: 6 bytes of data",
        "    11–14  00 01 01 02               identifier 02010100",
        "    15–16  89 22                     voltage_a 228.9 V",
        "       17  69                        checksum, right",
        "       18  16                        end",
    ]


def test_hides_a_password() -> None:
    lines = explain(RELAY_TRIP)
    assert not any("37 06 02" in line for line in lines)
    assert any("** ** ** **" in line and "password" in line for line in lines)
    assert any("1A 00" in line and "command trip" in line for line in lines)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (Frame(METER, 0xD1, b"\x02"), "error word: no_such_data"),
        (Frame(METER, 0xD1, b"\x00"), "error word: no name"),
        (Frame(METER, 0xD1), "control: from meter, read, error"),
        (Frame(METER, 0xB1, bytes(8)), "control: from meter, read, more"),
        (Frame(METER, 0x1F, b"\x01"), "other data"),
        (Frame(METER, 0x1B, bytes(12)), "    14–17  00 00 00 00               other data"),
        (Frame(METER, 0x98, bytes(2)), "password, not shown"),
        (read_reply(METER, 0x01010000, bytes.fromhex("5634123010101126")), "12.3456 kW at 2026-11-10T10:30"),
        (read_reply(METER, 0x00010000, bytes.fromhex("00000e00")), "forward_active_energy TOTAL: not_bcd"),
        (Frame(METER, 0x12, bytes(5)), "other data"),
    ],
)
def test_says_what_the_bytes_mean(frame: Frame, expected: str) -> None:
    assert any(expected in line for line in explain(encode_frame(frame)))


def test_goes_on_with_the_next_frame() -> None:
    lines = explain(raw_frame("N14"))
    assert sum("start, dlt645-2007" in line for line in lines) == 2
    assert "preamble, 2 bytes" in "\n".join(lines)


def covered(lines: list[str]) -> list[int]:
    """Return the places that the lines speak of, in their order."""
    places: list[int] = []
    for line in lines:
        found = re.match(r" *(\d+)(?:–(\d+))?  ", line)
        assert found
        first, end = int(found[1]), int(found[2] or found[1])
        places += range(first, end + 1)
    return places


@pytest.mark.parametrize("row", FRAMES, ids=lambda row: row["id"])
def test_every_byte_of_a_real_frame_is_explained_once(row: dict[str, str]) -> None:
    raw = bytes.fromhex(row["hex"])
    assert covered(explain(raw)) == list(range(len(raw)))


@given(st.integers(0, 255), st.binary(max_size=60), st.sampled_from([None, "dlt645-2007", "dlt645-1997"]))
def test_every_byte_of_any_frame_is_explained_once(control: int, data: bytes, protocol: str | None) -> None:
    raw = encode_frame(Frame(METER, control, data, 2))
    assert covered(explain(raw, protocol=protocol)) == list(range(len(raw)))
