"""A colleague enters a register's value at the desk (示数更正): the next version, with his words kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.permissions import require
from mingdu.core.quality import Quality
from mingdu.core.registers import Register
from mingdu.errors import TradeError
from mingdu.metering.models import Evidence
from mingdu.metering.queries.points import usage_point_of
from mingdu.metering.queries.registers import register_values
from mingdu.metering.readings import (
    WHICHEVER_METER,
    CurveColumns,
    Intent,
    Outcome,
    ReadingBatch,
    RegisterColumns,
    Source,
)

from .accept import accept_readings, record_evidence
from .typed import digits_of

VERB = "metering.correct_readings"
# Digits after the point: 0.01 kWh or kvarh, and 0.0001 kW for demand (DL/T 645-2007).
DECIMALS, DEMAND_DECIMALS = 2, 4


class BadRegisterValue(TradeError):
    """What was typed is not a value that this register can show."""

    next_step = "type the digits as the register shows them, at most two after the point"


@dataclass(frozen=True)
class RegisterEdit:
    """
    What a register is said to have shown.

    usage_point  code
    read_at      the instant it showed it
    value        as the register shows it [kWh, kvarh, kW], decimal text
    words        why, in the colleague's words
    """

    usage_point: str
    register: Register
    read_at: datetime
    value: str
    words: str


@transaction.atomic
def edit_register(edit: RegisterEdit, *, by: Actor, at: datetime) -> bool:
    """
    Enter the value through the one door of readings, marked as edited; tells whether it changed anything.

    raises  NotPermitted, UnknownUsagePoint, BadRegisterValue, and what the door says of the value:
            NotInstalled, BadValue, FutureReading, OutsideStorage
    """
    require(by, VERB)
    point = usage_point_of(by, edit.usage_point)
    digits = digits_typed(edit.value, edit.register)
    old = _stored(point.pk, edit)
    evidence = record_evidence("desk", f"{by.id} {at.isoformat()}", by=by, at=at)
    Evidence.objects.filter(pk=evidence).update(words=edit.words)
    registers = RegisterColumns(
        np.array([point.pk], dtype=np.int64), np.array([WHICHEVER_METER], dtype=np.int64),
        np.array([edit.register], dtype=np.int64),
        np.array([edit.read_at.astimezone(UTC).replace(tzinfo=None)], dtype="datetime64[us]"),
        np.array([digits], dtype=np.int64), np.array([Quality.EDITED], dtype=np.uint8),
    )  # fmt: skip
    batch = ReadingBatch(Source.API, evidence, CurveColumns.none(), registers, Intent.CORRECT)
    acceptance = accept_readings(batch, by=by, at=at)
    if acceptance.bad:
        raise acceptance.bad[0].error
    details = {
        "register": edit.register.name, "read_at": edit.read_at.isoformat(), "digits": digits,
        "old_digits": old, "words": edit.words,
    }  # fmt: skip
    audit.record(by, VERB, f"usage_point:{edit.usage_point}", at=at, details=details)
    return bool(acceptance.register_outcomes[0] == Outcome.ACCEPTED)


def _stored(point: int, edit: RegisterEdit) -> int | None:
    """Return the digits that stood there; None: nothing."""
    ids = np.array([point], dtype=np.int64)
    found = register_values(reading_connection(), ids, [edit.register], edit.read_at)
    return int(found.digits[0, 0]) if found.found[0, 0] else None


def digits_typed(value: str, register: Register) -> int:
    """Return the register digits of decimal text; raises BadRegisterValue."""
    decimals = DEMAND_DECIMALS if register is Register.DEMAND else DECIMALS
    digits = None if value.startswith("-") else digits_of(value, decimals)
    if digits is None:
        raise BadRegisterValue(
            f"{value!r} is no value of {register.name} with at most {decimals} decimals",
            value=value, register=register.name, decimals=decimals,
        )  # fmt: skip
    return digits
