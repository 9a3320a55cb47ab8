"""Control codes (控制码): names, where the identifier and the password stand, error words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

STANDARD_2007: Final = "dlt645-2007"
STANDARD_1997: Final = "dlt645-1997"
STANDARDS: Final = (STANDARD_2007, STANDARD_1997)

FROM_METER: Final = 0x80
IS_ERROR: Final = 0x40
HAS_MORE: Final = 0x20
FUNCTION_BITS: Final = 0x1F

AUTHENTICATE: Final = 0x03
TIME_SYNC: Final = 0x08
READ: Final = 0x11
READ_FOLLOW_UP: Final = 0x12
READ_ADDRESS: Final = 0x13
WRITE: Final = 0x14
WRITE_ADDRESS: Final = 0x15
FREEZE: Final = 0x16
CHANGE_BAUD: Final = 0x17
CHANGE_PASSWORD: Final = 0x18
CLEAR_DEMAND: Final = 0x19
CLEAR_METER: Final = 0x1A
CLEAR_EVENTS: Final = 0x1B
COST_CONTROL: Final = 0x1C

READ_1997: Final = 0x01
READ_FOLLOW_UP_1997: Final = 0x02
WRITE_1997: Final = 0x04


@dataclass(frozen=True, slots=True)
class Function:
    """
    One function of the standard and where its data field keeps what.

    id_in_request, id_in_reply               offset of the data identifier, None = it carries none
    password_in_request, password_in_reply   (first, end) of the bytes that are never shown
    """

    name: str
    id_in_request: int | None = None
    id_in_reply: int | None = None
    password_in_request: tuple[int, int] = (0, 0)
    password_in_reply: tuple[int, int] = (0, 0)


UNKNOWN_FUNCTION: Final = Function("unknown")

# The answer to "change password" repeats the new password [K]; it is masked like the request.
# Clearing the demand comes in two shapes (password + operator [K], or identifier + password), so
# both are masked.
FUNCTIONS: Final[dict[str, dict[int, Function]]] = {
    STANDARD_2007: {
        AUTHENTICATE: Function("authenticate", 0, 0),
        TIME_SYNC: Function("time_sync"),
        READ: Function("read", 0, 0),
        READ_FOLLOW_UP: Function("read_follow_up", 0, 0),
        READ_ADDRESS: Function("read_address"),
        WRITE: Function("write", 0, None, (4, 8)),
        WRITE_ADDRESS: Function("write_address"),
        FREEZE: Function("freeze"),
        CHANGE_BAUD: Function("change_baud"),
        CHANGE_PASSWORD: Function("change_password", 0, None, (4, 12), (0, 4)),
        CLEAR_DEMAND: Function("clear_demand", None, None, (0, 8)),
        CLEAR_METER: Function("clear_meter", None, None, (0, 8)),
        CLEAR_EVENTS: Function("clear_events", 8, None, (0, 4)),
        COST_CONTROL: Function("cost_control", None, None, (0, 4)),
    },
    STANDARD_1997: {
        READ_1997: Function("read", 0, 0),
        READ_FOLLOW_UP_1997: Function("read_follow_up", 0, 0),
        0x03: Function("read_again"),
        WRITE_1997: Function("write", 0, None, (2, 6)),
        TIME_SYNC: Function("time_sync"),
        0x0A: Function("write_address"),
        0x0C: Function("change_baud"),
        0x0F: Function("change_password", None, None, (0, 8), (0, 8)),
        0x10: Function("clear_demand", None, None, (0, 4)),
    },
}

ERROR_BITS: Final[dict[str, tuple[str, ...]]] = {
    STANDARD_2007: (
        "other",
        "no_such_data",
        "not_authorised",
        "baud_not_changeable",
        "too_many_year_zones",
        "too_many_day_periods",
        "too_many_tariffs",
        "reserved",
    ),
    STANDARD_1997: (
        "illegal_data",
        "no_such_data",
        "not_authorised",
        "reserved",
        "too_many_year_zones",
        "too_many_day_periods",
        "too_many_tariffs",
        "reserved",
    ),
}

_ONLY_1997: Final = FUNCTIONS[STANDARD_1997].keys() - FUNCTIONS[STANDARD_2007].keys()


def standard_of(control: int, data: bytes) -> str:
    """
    Tell by the control code which edition a frame speaks; the codes of the two hardly meet.

    08 means the same in both and counts as 2007. 03 is "authenticate" in 2007 (identifier 07xxxxxx,
    error word of two bytes) and "read again" in 1997.
    """
    function = control & FUNCTION_BITS
    if function == AUTHENTICATE:
        is_2007 = len(data) == 2 if control & IS_ERROR else len(data) >= 4 and data[3] == 0x07
        return STANDARD_2007 if is_2007 else STANDARD_1997
    return STANDARD_1997 if function in _ONLY_1997 else STANDARD_2007


def function_of(standard: str, control: int) -> Function:
    """Return the function that a control code names, or the one named "unknown"."""
    return FUNCTIONS[standard].get(control & FUNCTION_BITS, UNKNOWN_FUNCTION)


def error_names(standard: str, word: bytes) -> list[str]:
    """Name the set bits of an error word; the two-byte word of new meters (SERR) has no table yet."""
    if len(word) != 1:
        return []
    return [name for bit, name in enumerate(ERROR_BITS[standard]) if word[0] >> bit & 1]
