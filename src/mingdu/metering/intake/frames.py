"""What the frames of one answer say: registers with their times, and records of the load profile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from mingdu.core.registers import Register
from mingdu.errors import TradeError
from mingdu.wire.dlt645.follow_up import reassemble
from mingdu.wire.dlt645.formats import SlotQuality, Value
from mingdu.wire.dlt645.frame import Frame, decode_frames
from mingdu.wire.dlt645.functions import READ
from mingdu.wire.dlt645.profile import PROFILE_ITEM
from mingdu.wire.dlt645.values import read_values

FREEZE_PREFIX = "daily_freeze_"
FREEZE_TIME = "daily_freeze_at"
ENERGY = "forward_active_energy"
# Registers that a meter keeps as a total only.
TOTALS = {
    "reverse_active_energy": Register.EXPORT_TOTAL,
    "combined_reactive_1_energy": Register.REACTIVE_FORWARD,
    "combined_reactive_2_energy": Register.REACTIVE_REVERSE,
    "forward_active_demand_max": Register.DEMAND,
}
# A value that cannot be read is named like the error of the protocol; the others of its frame stand.
NAMES = {SlotQuality.NOT_BCD: "NotBcd", SlotQuality.BAD_TIME: "BadTime"}


class NoFreezeTime(TradeError):
    """A freeze came without its time, and no poll says which day was asked for."""

    next_step = "read the time of the freeze with it"


@dataclass(frozen=True)
class Asked:
    """
    What is known of an answer beside its bytes.

    day      the day of the poll; None: nobody asked
    tariffs  Register behind each tariff number of the meter's model
    """

    received_at: datetime
    day: date | None
    tariffs: dict[int, Register]
    zone: ZoneInfo


@dataclass(frozen=True)
class RegisterSaid:
    """A register reading in a frame."""

    register: Register
    read_at: datetime
    digits: int


@dataclass(frozen=True)
class RecordSaid:
    """A load profile record: the running total at a moment."""

    at: datetime
    digits: int


@dataclass(frozen=True)
class Said:
    """Everything that one answer says; `bad` names the first value that could not be read."""

    address: str
    registers: list[RegisterSaid]
    records: list[RecordSaid]
    bad: str


def read_answer(raw: bytes, asked: Asked) -> Said:
    """
    Read the frames of one answer; follow-ups stand behind their first part.

    raises  the named errors of the protocol: BadChecksum, CutFrame, PartLost …; NoFreezeTime
    """
    frames = [reassemble(parts) for parts in _answers(decode_frames(raw))]
    values = [(frame.data_id or 0, value) for frame in frames for value in read_values(frame)]
    frozen_at = _freeze_time(values, asked)
    good = [(data_id, value) for data_id, value in values if value.digits is not None]
    registers = [
        RegisterSaid(register, _read_at(data_id, value, asked, frozen_at), value.digits)
        for data_id, value in good
        if value.digits is not None and (register := _register(value, asked.tariffs)) is not None
    ]
    records = [
        RecordSaid(_local(value.at, asked.zone), value.digits)
        for _, value in good
        if value.item == PROFILE_ITEM and value.digits is not None and value.at is not None
    ]
    return Said(frames[0].address, registers, records, _first_bad(values))


def _answers(frames: tuple[Frame, ...]) -> Iterator[list[Frame]]:
    """Group frames into answers; each begins with a read reply."""
    parts: list[Frame] = []
    for frame in frames:
        if frame.function == READ and parts:
            yield parts
            parts = []
        parts.append(frame)
    yield parts


def _register(value: Value, tariffs: dict[int, Register]) -> Register | None:
    """Return the register of a value; None for what is not kept as one."""
    name, tariff = value.name.removeprefix(FREEZE_PREFIX), value.item.tariff
    if name == ENERGY:
        return Register.TOTAL if tariff == 0 else tariffs.get(tariff or 0)
    return TOTALS.get(name) if tariff == 0 else None


def _freeze_time(values: list[tuple[int, Value]], asked: Asked) -> datetime | None:
    """Return when the freeze was taken: as the meter says, else the midnight that was asked for."""
    for _, value in values:
        if value.name == FREEZE_TIME and value.quality is SlotQuality.MEASURED and value.text is not None:
            return _local(value.text, asked.zone)
    return _midnight(asked.day, asked.zone) if asked.day else None


def _read_at(data_id: int, value: Value, asked: Asked, frozen_at: datetime | None) -> datetime:
    """A freeze has its own time, a settlement the begin of a month, anything else is of now."""
    if value.name.startswith(FREEZE_PREFIX):
        if frozen_at is None:
            raise NoFreezeTime(f"freeze {data_id:08X} without its time", data_id=f"{data_id:08X}")
        return frozen_at
    nth = data_id & 0xFF
    return _settlement(nth, asked) if nth else asked.received_at


def _settlement(nth: int, asked: Asked) -> datetime:
    """Return the begin of the month that the nth last settlement stands for."""
    if asked.day:
        return _midnight(asked.day.replace(day=1), asked.zone)
    here = asked.received_at.astimezone(asked.zone)
    months = here.year * 12 + here.month - nth
    return _midnight(date(months // 12, months % 12 + 1, 1), asked.zone)


def _first_bad(values: list[tuple[int, Value]]) -> str:
    for data_id, value in values:
        if value.quality in NAMES:
            return f"{NAMES[value.quality]}: {value.name} in {data_id:08X}"
    return ""


def _local(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
