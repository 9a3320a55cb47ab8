"""Describe frames as the JSON objects that `mingdu decode` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mingdu.errors import TradeError

from .dlt645.bcd import NotBcd
from .dlt645.formats import SlotQuality, Value
from .dlt645.frame import START, Frame, decode_frames, identifier_span
from .dlt645.functions import STANDARDS, error_names, function_of
from .dlt645.values import read_values

# Names of registers in the order of tariff numbers; a meter model may differ (meters/*.yaml).
TARIFF_NAMES: Final[Mapping[int, str]] = {
    0: "TOTAL",
    1: "SHARP",
    2: "PEAK",
    3: "FLAT",
    4: "VALLEY",
    5: "DEEP",
}


class UnknownProtocol(TradeError):
    """The bytes, or the name given, belong to no protocol that is read here."""

    next_step = "name the protocol, or bring the bytes of one that is known"


def describe(data: bytes, *, protocol: str | None = None) -> list[dict[str, Any]]:
    """
    Describe every frame of `data`.

    protocol   one of STANDARDS; None = told by the control code of each frame
    returns    one object a frame, keys as the command's contract says; a time belonging to a value is
               its `at`, a value that is not BCD has `raw`
    raises     UnknownProtocol, and the errors of `decode_frames`
    """
    return [
        describe_frame(frame, standard, read_values(frame, standard))
        for frame, standard in frames_of(data, protocol)
    ]


def frames_of(data: bytes, protocol: str | None) -> list[tuple[Frame, str]]:
    """Decode the frames and say which standard each speaks; raises as `describe`."""
    if protocol is not None and protocol not in STANDARDS:
        raise UnknownProtocol(f"no protocol {protocol!r}", protocol=protocol, known=list(STANDARDS))
    foreign = _foreign(data)
    if foreign:
        raise UnknownProtocol(f"this looks like {foreign}", looks_like=foreign, known=list(STANDARDS))
    return [(frame, protocol or frame.standard) for frame in decode_frames(data)]


def describe_frame(frame: Frame, standard: str, values: Sequence[Value]) -> dict[str, Any]:
    """Describe one decoded frame."""
    return {
        "protocol": standard,
        "address": frame.address,
        "direction": frame.direction,
        "control": f"{frame.control:02X}",
        "function": function_of(standard, frame.control).name,
        "error": _error(frame, standard),
        "more": frame.has_more,
        "data_id": data_id_text(frame, standard),
        "data": frame.data.hex(),
        "values": [describe_value(value) for value in values],
    }


def describe_value(value: Value) -> dict[str, Any]:
    """Describe one value."""
    tariff = value.item.tariff
    described: dict[str, Any] = {
        "name": value.name,
        "register": None if tariff is None else TARIFF_NAMES.get(tariff, f"TARIFF_{tariff}"),
        "settlement": value.item.settlement,
        "value": value.printed,
        "unit": value.item.format.unit,
        "quality": value.quality.value,
    }
    if value.item.is_timed or value.at is not None:
        described["at"] = value.at
    if value.quality is SlotQuality.NOT_BCD:
        described["raw"] = value.raw.hex()
    return described


def data_id_text(frame: Frame, standard: str) -> str | None:
    """Print the identifier most significant byte first, None if the frame carries none."""
    span = identifier_span(frame, standard)
    return frame.data[span[0] : span[1]][::-1].hex().upper() if span else None


def not_bcd_error(described: Sequence[Mapping[str, Any]]) -> NotBcd | None:
    """Return the error to end with, if any described value is not BCD."""
    for frame in described:
        for value in frame["values"]:
            if value["quality"] == SlotQuality.NOT_BCD.value:
                return NotBcd(
                    f"{value['name']} of meter {frame['address']} is not a decimal number",
                    address=frame["address"],
                    data_id=frame["data_id"],
                    raw=value["raw"],
                )
    return None


def _error(frame: Frame, standard: str) -> dict[str, Any] | None:
    if not frame.is_error:
        return None
    return {"code": frame.data[::-1].hex().upper(), "names": error_names(standard, frame.data)}


def _foreign(data: bytes) -> str | None:
    """
    Name the protocol of another family whose frame begins with 68 too.

    376.1 and CSG repeat their length and stand the second 68 at byte 5; 698.45 counts all but 68 and 16
    in bytes 1 and 2. DL/T 645 has its second 68 at byte 7, which settles it.
    """
    bare = data.lstrip(b"\xfe")
    if len(bare) < 8 or bare[0] != START or bare[7] == START:
        return None
    if bare[1:3] == bare[3:5] and bare[5] == START:
        return "Q/GDW 376.1 or CSG 1209022"
    if int.from_bytes(bare[1:3], "little") & 0x3FFF == len(bare) - 2:
        return "DL/T 698.45"
    return None
