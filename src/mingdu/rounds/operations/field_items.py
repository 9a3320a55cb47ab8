"""What a reader's phone sends for one register, and the digits that its text means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from mingdu.core.registers import Register
from mingdu.errors import TradeError

READ = "read"
# Digits after the point: 0.01 kWh or kvarh, and 0.0001 kW for demand (DL/T 645-2007).
DECIMALS = 2
DEMAND_DECIMALS = 4
# No register has more places before the point; longer text is a slip of the finger, never a number.
_VALUE = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,4}))?")


class BadFieldValue(TradeError):
    """What was typed is not a value that this register can show."""

    next_step = "type the digits as the register shows them"


class NothingRead(TradeError):
    """The item says that the register was not read, so it has no value to enter."""

    next_step = "complete the task with what stood in the way"


@dataclass(frozen=True)
class FieldItem:
    """
    What a reader's phone sends for one register.

    client_id   the phone's own number of the item; unique for ever
    value       what the register shows [kWh, kvarh, kW], decimal text
    read_at     the instant it shows: the freeze that the task asks for
    taken_at    when the reader stood there, by the phone's clock
    outcome     "read"; any other word means that there is no value
    """

    client_id: str
    task_id: int
    register: Register
    value: str
    read_at: datetime
    taken_at: datetime
    photo_id: int | None = None
    outcome: str = READ


@dataclass(frozen=True)
class ItemResult:
    """What became of one item: "accepted", "same", or the name of its error."""

    client_id: str
    status: str
    message: str = ""


def digits_of(item: FieldItem) -> int:
    """
    Return the register digits of what was typed.

    raises  NothingRead, BadFieldValue
    """
    if item.outcome != READ:
        raise NothingRead(f"the register was not read: {item.outcome}", outcome=item.outcome)
    decimals = DEMAND_DECIMALS if item.register is Register.DEMAND else DECIMALS
    typed = _VALUE.fullmatch(item.value)
    part = (typed[2] or "") if typed else ""
    if typed is None or len(part) > decimals:
        raise BadFieldValue(
            f"{item.value!r} is no value of {item.register.name} with at most {decimals} decimals",
            value=item.value, register=item.register.name, decimals=decimals,
        )  # fmt: skip
    return int(typed[1] + part.ljust(decimals, "0"))
