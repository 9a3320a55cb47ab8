"""
Requests to a meter, one function each; every one returns the `Frame` that `encode_frame` makes bytes of.

Security authentication (03, ESAM) is not here: it needs the keys of the utility's cryptographic machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from mingdu.errors import TradeError

from . import functions as f
from .bcd import write_bcd
from .frame import ANY_METER, BROADCAST, Frame, LengthMismatch, address_bytes
from .times import minute_bytes, second_bytes
from .values import BAUD_BITS, RELAY_COMMANDS

MAX_SEQUENCE: Final = 255
EVERY: Final = 99
ALL_EVENTS: Final = 0xFFFFFFFF
_PASSWORD_DIGITS: Final = 6


class OutOfRange(TradeError):
    """An argument of a request is outside what the standard knows."""

    next_step = "see the range in the message"


@dataclass(frozen=True, slots=True)
class Password:
    """
    Password of a meter: a secret; it shows in no repr, log or error.

    level    02 clear and relay, 04 parameters (plain); 98 and 99 need ESAM and are refused
    digits   six digits as printed, high first
    """

    level: int
    digits: str = field(repr=False)


def read(address: str, data_id: int) -> Frame:
    """Read one identifier (11)."""
    return Frame(address, f.READ, _id(data_id))


def read_profile_blocks(address: str, data_id: int, blocks: int, since: datetime | None = None) -> Frame:
    """
    Read `blocks` records of a load profile (11 with L = 05, or 0A with the time to begin at).

    raises   OutOfRange: blocks outside 1…99
    """
    if not 1 <= blocks <= 99:
        raise OutOfRange(f"{blocks} blocks, 1 to 99 can be asked", blocks=blocks)
    start = minute_bytes(since) if since else b""
    return Frame(address, f.READ, _id(data_id) + write_bcd(blocks, 1) + start)


def read_follow_up(address: str, data_id: int, sequence: int) -> Frame:
    """
    Read the next part of an answer that said "more" (12).

    raises   OutOfRange: sequence outside 1…255
    """
    if not 1 <= sequence <= MAX_SEQUENCE:
        raise OutOfRange(f"part {sequence}, 1 to {MAX_SEQUENCE} exist", sequence=sequence)
    return Frame(address, f.READ_FOLLOW_UP, _id(data_id) + bytes((sequence,)))


def read_address() -> Frame:
    """Ask the only meter on the line for its address (13); the answer carries the real one."""
    return Frame(ANY_METER, f.READ_ADDRESS)


def sync_time(at: datetime, address: str = BROADCAST) -> Frame:
    """Set the clocks (08), by default of all meters at once; nobody answers a broadcast."""
    return Frame(address, f.TIME_SYNC, second_bytes(at))


def write(address: str, data_id: int, payload: bytes, *, password: Password, operator: str) -> Frame:
    """Write one identifier (14)."""
    return Frame(address, f.WRITE, _id(data_id) + _credentials(password, operator) + payload)


def write_address(new_address: str) -> Frame:
    """Give the only meter on the line an address (15); a person must press its button."""
    return Frame(ANY_METER, f.WRITE_ADDRESS, address_bytes(new_address))


def freeze(
    address: str, *, month: int = EVERY, day: int = EVERY, hour: int = EVERY, minute: int = EVERY
) -> Frame:
    """Freeze registers (16): at once if all are EVERY, else whenever the given parts of the clock fit."""
    return Frame(address, f.FREEZE, b"".join(write_bcd(part, 1) for part in (minute, hour, day, month)))


def change_baud(address: str, bits_per_second: int) -> Frame:
    """
    Change the speed of the line (17).

    raises   OutOfRange: not one of the six speeds
    """
    words = {speed: word for word, speed in BAUD_BITS.items()}
    if bits_per_second not in words:
        raise OutOfRange(f"{bits_per_second} bit/s; known are {sorted(words)}", baud=bits_per_second)
    return Frame(address, f.CHANGE_BAUD, bytes((words[bits_per_second],)))


def change_password(address: str, data_id: int, *, old: Password, new: Password) -> Frame:
    """Change the password of one level (18)."""
    return Frame(address, f.CHANGE_PASSWORD, _id(data_id) + write_password(old) + write_password(new))


def clear_demand(address: str, *, password: Password, operator: str) -> Frame:
    """Set the maximum demand to zero (19) [K: some meters want the identifier before the password]."""
    return Frame(address, f.CLEAR_DEMAND, _credentials(password, operator))


def clear_meter(address: str, *, password: Password, operator: str) -> Frame:
    """Set all registers to zero (1A)."""
    return Frame(address, f.CLEAR_METER, _credentials(password, operator))


def clear_events(address: str, *, password: Password, operator: str, data_id: int = ALL_EVENTS) -> Frame:
    """Clear the event records of one identifier, or all (1B)."""
    return Frame(address, f.CLEAR_EVENTS, _credentials(password, operator) + _id(data_id))


def control_relay(
    address: str, command: str, valid_until: datetime, *, password: Password, operator: str
) -> Frame:
    """
    Trip, close, alarm or keep power (1C, 费控); a name of RELAY_COMMANDS. Check status word 3 afterwards.

    raises   OutOfRange: no such command
    """
    words = {name: word for word, name in RELAY_COMMANDS.items()}
    if command not in words:
        raise OutOfRange(f"no relay command {command!r}; known are {sorted(words)}", command=command)
    order = bytes((words[command], 0)) + second_bytes(valid_until)
    return Frame(address, f.COST_CONTROL, _credentials(password, operator) + order)


def read_1997(address: str, data_id: int) -> Frame:
    """Read one two-byte identifier from a meter of the 1997 edition (01)."""
    return Frame(address, f.READ_1997, data_id.to_bytes(2, "little"))


def write_password(password: Password) -> bytes:
    """
    Return the four bytes of a password: level, then the digits low first.

    raises   LengthMismatch: not six digits;
             OutOfRange: a level above 09, which only an ESAM session can serve
    """
    if password.level > 9:
        raise OutOfRange(f"password level {password.level:02X} needs an ESAM session", level=password.level)
    if len(password.digits) != _PASSWORD_DIGITS or not (
        password.digits.isascii() and password.digits.isdecimal()
    ):
        raise LengthMismatch("a meter's password has six digits", level=password.level)
    return bytes((password.level,)) + bytes.fromhex(password.digits)[::-1]


def _credentials(password: Password, operator: str) -> bytes:
    if len(operator) > 8 or not (operator.isascii() and operator.isdecimal()):
        raise LengthMismatch("an operator code has up to eight digits", operator=operator)
    return write_password(password) + write_bcd(int(operator), 4)


def _id(data_id: int) -> bytes:
    return data_id.to_bytes(4, "little")
