"""What a frame says: its data field as a tuple of values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mingdu.errors import TradeError

from . import functions as f
from .formats import ADDRESS, MINUTE, SECOND, Format, Item, Kind, SlotQuality, Value, number, read_slot
from .frame import Frame, identifier_span
from .identifiers import PROFILE_DI3, RELAY_STATUS_ID, Layout, layout_of
from .identifiers_1997 import layout_of_1997
from .profile import ENERGY_CLASS, read_profile

# Old meters put this byte between the tariffs of a block [K]. It is no BCD, so it cannot be mistaken.
SEPARATOR: Final = 0xAA

_WORD: Final = Format(Kind.BITS, 1)
_OPERATOR: Final = Item("operator", Format(Kind.DIGITS, 4))
_SEQUENCE: Final = Item("sequence", number(0))
_COMMAND: Final = Item("command", _WORD)
_BAUD: Final = Item("baud", number(1))
_RELAY: Final = Item("relay", Format(Kind.BITS, 0))
_FREEZE_PLAN: Final = Item("freeze_plan", Format(Kind.BITS, 4))
_RELAY_OPEN_BIT: Final = 0x10

# N1 of cost control. 1A, 1B, 1C stand in a captured exchange; the others [K].
RELAY_COMMANDS: Final[dict[int, str]] = {
    0x1A: "trip",
    0x1B: "permit_close",
    0x1C: "close",
    0x2A: "alarm_on",
    0x2B: "alarm_off",
    0x3A: "keep_power",
    0x3B: "keep_power_off",
}
# Z of change baud: one bit a speed.
BAUD_BITS: Final[dict[int, int]] = {
    0x02: 600,
    0x04: 1200,
    0x08: 2400,
    0x10: 4800,
    0x20: 9600,
    0x40: 19200,
}


def read_values(frame: Frame, standard: str | None = None) -> tuple[Value, ...]:
    """
    Return the values of a frame, in wire order; none where the identifier or its length is unknown.

    standard   "dlt645-2007" or "dlt645-1997"; None = told by the control code

    A slot that cannot be read is a value with its quality, never an error. Parts of an answer that goes
    over several frames hold no values of their own: put them together first (follow_up.py).
    """
    if frame.is_error:
        return ()
    standard = standard or frame.standard
    if standard == f.STANDARD_1997:
        return _read_1997(frame)
    side = _FROM_METER if frame.is_from_meter else _TO_METER
    read = side.get(frame.function)
    return read(frame) if read else ()


def read_payload(layout: Layout | None, payload: bytes) -> tuple[Value, ...]:
    """Read the bytes behind an identifier; nothing if they do not fit its layout."""
    if layout is None:
        return ()
    if layout.is_block:
        return _read_block(layout.items, payload)
    if len(payload) != layout.width:
        return ()
    return _read_slots(layout.items, payload)


def _read_block(items: tuple[Item, ...], payload: bytes) -> tuple[Value, ...]:
    width = items[0].width
    payload = _without_separators(payload, width)
    count, over = divmod(len(payload), width)
    return () if over or count > len(items) else _read_slots(items[:count], payload)


def _read_slots(items: tuple[Item, ...], payload: bytes) -> tuple[Value, ...]:
    values = []
    at = 0
    for item in items:
        end = at + item.width
        values.append(read_slot(item, payload[at:end]))
        at = end
    return tuple(values)


def _without_separators(payload: bytes, width: int) -> bytes:
    step = width + 1
    marks = payload[width::step]
    if not marks or marks.count(SEPARATOR) != len(marks):
        return payload
    return b"".join(payload[at : at + width] for at in range(0, len(payload), step))


def _read_reply(frame: Frame) -> tuple[Value, ...]:
    """91: the identifier and its payload. B1 is only a first part."""
    if frame.has_more or len(frame.data) < 4:
        return ()
    data_id, payload = int.from_bytes(frame.data[:4], "little"), frame.data[4:]
    if data_id >> 24 == PROFILE_DI3:
        return _read_profile_reply(data_id, payload)
    values = read_payload(layout_of(data_id), payload)
    return values + _relay_state(payload) if values and data_id == RELAY_STATUS_ID else values


def _read_profile_reply(data_id: int, payload: bytes) -> tuple[Value, ...]:
    """The layout of profiles is not verified: bytes that do not fit it have no values, as other lengths."""
    if data_id >> 16 & 0xFF != ENERGY_CLASS:
        return ()
    try:
        return read_profile(payload)
    except TradeError:
        return ()


def _relay_state(payload: bytes) -> tuple[Value, ...]:
    """Status word 3, bit 4: 1 = the relay is open."""
    state = "open" if payload[0] & _RELAY_OPEN_BIT else "closed"
    return (Value(_RELAY, None, state, SlotQuality.MEASURED),)


def _read_follow_up_reply(frame: Frame) -> tuple[Value, ...]:
    return _sequence(frame.data[-1]) if len(frame.data) > 4 else ()


def _read_follow_up_request(frame: Frame) -> tuple[Value, ...]:
    return _sequence(frame.data[4]) if len(frame.data) == 5 else ()


def _sequence(number_of_part: int) -> tuple[Value, ...]:
    """SEQ is binary, 1 to 255."""
    return (Value(_SEQUENCE, number_of_part, None, SlotQuality.MEASURED),)


def _read_request(frame: Frame) -> tuple[Value, ...]:
    """11 with more than the identifier: how many blocks of a load profile, and from when."""
    return _fitting((Item("blocks", number(1)), Item("from", MINUTE)), frame.data[4:])


def _read_address(frame: Frame) -> tuple[Value, ...]:
    return _fitting((Item("meter_address", ADDRESS),), frame.data)


def _read_clock(frame: Frame) -> tuple[Value, ...]:
    return _fitting((Item("clock", SECOND),), frame.data)


def _read_write_request(frame: Frame) -> tuple[Value, ...]:
    """14: identifier, password (not shown), operator, payload."""
    if frame.data_id is None or len(frame.data) < 12:
        return ()
    operator = read_slot(_OPERATOR, frame.data[8:12])
    return (operator, *read_payload(layout_of(frame.data_id), frame.data[12:]))


def _read_freeze(frame: Frame) -> tuple[Value, ...]:
    """16: mm hh DD MM, printed MM-DDThh:mm; 99 stands for "every"."""
    if len(frame.data) != 4:
        return ()
    raw = frame.data
    if not raw.hex().isdecimal():
        return (Value(_FREEZE_PLAN, None, None, SlotQuality.NOT_BCD, None, raw),)
    text = "{3:02x}-{2:02x}T{1:02x}:{0:02x}".format(*raw)
    return (Value(_FREEZE_PLAN, None, text, SlotQuality.MEASURED, None, raw),)


def _read_baud(frame: Frame) -> tuple[Value, ...]:
    speed = BAUD_BITS.get(frame.data[0]) if len(frame.data) == 1 else None
    return () if speed is None else (Value(_BAUD, speed, None, SlotQuality.MEASURED, None, frame.data),)


def _read_cost_control(frame: Frame) -> tuple[Value, ...]:
    """1C: password (not shown), operator, N1 the command, N2, valid until N3…N8."""
    if len(frame.data) != 16:
        return ()
    word = frame.data[8]
    command = RELAY_COMMANDS.get(word, f"{word:02X}")
    return (
        read_slot(_OPERATOR, frame.data[4:8]),
        Value(_COMMAND, None, command, SlotQuality.MEASURED, None, frame.data[8:10]),
        read_slot(Item("valid_until", SECOND), frame.data[10:16]),
    )


def _fitting(items: tuple[Item, ...], payload: bytes) -> tuple[Value, ...]:
    """Read as many items as the payload exactly holds; nothing if it does not end on a border."""
    width = 0
    for count, item in enumerate(items, start=1):
        width += item.width
        if len(payload) == width:
            return read_payload(Layout(items[:count]), payload)
    return ()


def _read_1997(frame: Frame) -> tuple[Value, ...]:
    span = identifier_span(frame, f.STANDARD_1997)
    if frame.function == f.TIME_SYNC:
        return _read_clock(frame)
    if span is None or not frame.is_from_meter or frame.function != f.READ_1997 or frame.has_more:
        return ()
    data_id = int.from_bytes(frame.data[:2], "little")
    return read_payload(layout_of_1997(data_id), frame.data[2:])


_Reader = Callable[[Frame], tuple[Value, ...]]
_FROM_METER: Final[dict[int, _Reader]] = {
    f.READ: _read_reply,
    f.READ_FOLLOW_UP: _read_follow_up_reply,
    f.READ_ADDRESS: _read_address,
    f.CHANGE_BAUD: _read_baud,
}
_TO_METER: Final[dict[int, _Reader]] = {
    f.TIME_SYNC: _read_clock,
    f.READ: _read_request,
    f.READ_FOLLOW_UP: _read_follow_up_request,
    f.WRITE: _read_write_request,
    f.WRITE_ADDRESS: _read_address,
    f.FREEZE: _read_freeze,
    f.CHANGE_BAUD: _read_baud,
    f.COST_CONTROL: _read_cost_control,
}
