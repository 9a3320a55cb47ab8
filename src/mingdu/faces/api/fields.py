"""Kinds of values that requests carry, with the limits that the tables set."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

from ninja import Schema
from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field, WithJsonSchema

from mingdu.core.registers import Register


def _register(word: object) -> Register:
    """Return the register of this name; the stored numbers are not for the outside."""
    if not isinstance(word, str) or word not in Register.__members__:
        raise ValueError(f"a register is one of {', '.join(Register.__members__)}")
    return Register[word]


# PostgreSQL stores no NUL in text, and ids are 64 bits wide.
_NO_NUL = r"^[^\x00]*$"

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Most = Annotated[int, Field(ge=1, le=500)]
Number = Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,20}$")]
Short = Annotated[str, Field(min_length=1, max_length=20, pattern=_NO_NUL)]
Name = Annotated[str, Field(min_length=1, max_length=40, pattern=_NO_NUL)]
Key = Annotated[str, Field(min_length=1, max_length=64, pattern=_NO_NUL)]
Secret = Annotated[str, Field(min_length=1, max_length=200, pattern=_NO_NUL)]
Filter = Annotated[str, Field(max_length=120, pattern=_NO_NUL)]
Words = Annotated[str, Field(max_length=2000, pattern=_NO_NUL)]
Month = Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-12"])]
# Days and times stay where both Python and the tables reach, with room for a zone's offset.
Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2100, 1, 1))]
Time = Annotated[
    AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2100, 1, 1, tzinfo=UTC))
]
RegisterName = Annotated[
    Register,
    BeforeValidator(_register),
    WithJsonSchema({"type": "string", "enum": list(Register.__members__)}),
]


class Body(Schema):
    """What a request carries; a key that is not known is refused, so that a misspelt one does not vanish."""

    model_config = ConfigDict(extra="forbid")
