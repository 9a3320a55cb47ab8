"""
Load profile records (负荷记录) of DL/T 645-2007, identifiers `06 cc 00 0s`.

NOT VERIFIED: the layout is general knowledge of the standard; no real frame was found to check it. One
record is

    A0 A0 | length | mm hh DD MM YY | section AA section AA … | CS | E5

`length` counts from the time to the last AA; CS is the sum from the first A0 to the last AA, modulo 256.
The six sections are voltage-current-frequency, power, power factor, energies, quadrants, demand; class cc
fills section cc and leaves the others empty. The energies are forward and reverse active, combined
reactive 1 and 2, 4 bytes each; only the first is read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .bcd import write_bcd
from .formats import MINUTE, Item, SlotQuality, Value, read_slot
from .frame import BadChecksum, BadEnd, BadStart, CutFrame, LengthMismatch
from .identifiers import KWH
from .times import minute_bytes

RECORD_START: Final = b"\xa0\xa0"
RECORD_END: Final = 0xE5
SECTION_END: Final = 0xAA
SECTIONS: Final = 6
ENERGY_CLASS: Final = 4
ENERGY_BYTES: Final = 4

PROFILE_OLDEST: Final = 0x06040000
PROFILE_FROM_TIME: Final = 0x06040001
PROFILE_NEWEST: Final = 0x06040002

PROFILE_ITEM: Final = Item("profile_forward_active_energy", KWH, 0)
_TIME_ITEM: Final = Item("profile_at", MINUTE)
_HEAD_BYTES: Final = len(RECORD_START) + 1
_TAIL_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class ProfileRecord:
    """One moment of the curve: meter's clock, forward active total in whole digits of 0.01 kWh."""

    at: datetime
    digits: int


def read_profile(payload: bytes) -> tuple[Value, ...]:
    """
    Read the records of a whole energies reply (after reassembly), one value each, oldest first.

    returns   values named `profile_forward_active_energy`, each with its time in `at`; a record whose
              time or digits are bad is a value with that quality
    raises    BadStart, CutFrame, LengthMismatch, BadChecksum, BadEnd: the bytes are not such records
    """
    values = []
    at = 0
    while at < len(payload):
        body, at = _record_at(payload, at)
        values.append(_read_record(body))
    return tuple(values)


def write_profile(records: Sequence[ProfileRecord]) -> bytes:
    """Return the payload of an energies reply: the records one after another."""
    return b"".join(_write_record(record) for record in records)


def _record_at(payload: bytes, at: int) -> tuple[bytes, int]:
    """Return time and sections of the record at `at`, and where it ends."""
    if payload[at : at + 2] != RECORD_START:
        raise BadStart(f"profile byte {at} does not begin a record", offset=at)
    if at + _HEAD_BYTES >= len(payload):
        raise CutFrame("the profile ends inside a record", offset=at)
    body_end = at + _HEAD_BYTES + payload[at + 2]
    end = body_end + _TAIL_BYTES
    if end > len(payload):
        raise CutFrame(f"the profile record lacks {end - len(payload)} bytes", missing=end - len(payload))
    if payload[end - 1] != RECORD_END:
        raise BadEnd(f"profile byte {end - 1} must be E5", offset=end - 1)
    if sum(payload[at:body_end]) & 0xFF != payload[body_end]:
        raise BadChecksum(f"checksum of the profile record at byte {at} is wrong", offset=at)
    return payload[at + _HEAD_BYTES : body_end], end


def _read_record(body: bytes) -> Value:
    time_raw, rest = body[: MINUTE.width], body[MINUTE.width :]
    sections = rest.split(bytes((SECTION_END,)))
    # One section: the meter leaves out the empty ones. What stands after the last AA must be nothing.
    if len(sections) not in (2, SECTIONS + 1) or sections[-1]:
        raise LengthMismatch(f"a profile record has {len(sections) - 1} sections", sections=len(sections) - 1)
    energies = sections[0] if len(sections) == 2 else sections[ENERGY_CLASS - 1]
    if not energies or len(energies) % ENERGY_BYTES:
        raise LengthMismatch(f"the energies section has {len(energies)} bytes", present=len(energies))
    value = read_slot(PROFILE_ITEM, energies[:ENERGY_BYTES])
    moment = read_slot(_TIME_ITEM, time_raw)
    # A value without its moment is of no use to a curve; the time's quality decides then.
    trusted = moment.quality is SlotQuality.MEASURED
    return Value(
        PROFILE_ITEM,
        value.digits if trusted else None,
        None,
        value.quality if trusted else moment.quality,
        moment.text,
        energies[:ENERGY_BYTES],
    )


def _write_record(record: ProfileRecord) -> bytes:
    empty = bytes((SECTION_END,))
    energies = write_bcd(record.digits, ENERGY_BYTES) + bytes(3 * ENERGY_BYTES)
    sections = empty * (ENERGY_CLASS - 1) + energies + empty * (SECTIONS - ENERGY_CLASS + 1)
    body = minute_bytes(record.at) + sections
    record_bytes = RECORD_START + bytes((len(body),)) + body
    return record_bytes + bytes((sum(record_bytes) & 0xFF, RECORD_END))
