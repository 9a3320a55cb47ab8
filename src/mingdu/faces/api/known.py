"""Values as they were known at a time, what changed between two times, and edits of curves."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Annotated

from ninja import Router, Schema
from pydantic import BeforeValidator, Field, WithJsonSchema

from mingdu.core.registers import Channel, Register
from mingdu.metering.operations.edit_curve import CurveEdit, edit_curve
from mingdu.metering.queries.changes import Side, changes_between
from mingdu.metering.queries.known import known_value

from .door import Request
from .fields import Body, Day, Most, Number, Time, Words

router = Router(tags=["metering"])
ITEMS: dict[str, Channel | Register] = {**Channel.__members__, **Register.__members__}


def _item(word: object) -> Channel | Register:
    """Return the channel or register of this name; the stored numbers are not for the outside."""
    if not isinstance(word, str) or word not in ITEMS:
        raise ValueError(f"an item is one of {', '.join(ITEMS)}")
    return ITEMS[word]


def _channel(word: object) -> Channel:
    if not isinstance(word, str) or word not in Channel.__members__:
        raise ValueError(f"a channel is one of {', '.join(Channel.__members__)}")
    return Channel[word]


ItemName = Annotated[
    Channel | Register, BeforeValidator(_item), WithJsonSchema({"type": "string", "enum": list(ITEMS)})
]
ChannelName = Annotated[
    Channel,
    BeforeValidator(_channel),
    WithJsonSchema({"type": "string", "enum": list(Channel.__members__)}),
]
# One interval's value as it was typed: digits of a meter, before the multiplier.
Typed = Annotated[str, Field(min_length=1, max_length=20, pattern=r"^-?[0-9]+(\.[0-9]+)?$")]


class KnownAnswer(Schema):
    """One value as known at a time; `version` 0: nothing was stored, `value` null: nothing is known."""

    usage_point: str
    item: str
    begin: datetime
    minutes: int
    value: str | None
    unit: str
    quality: str
    version: int
    known_at: datetime


class SideAnswer(Schema):
    """The values on one side of a change, of the intervals that changed."""

    version: int
    values: list[str | None]
    quality: list[str]


class ChangeAnswer(Schema):
    """A version that changed a curve's day or a register reading: who, when, why, old and new."""

    usage_point: str
    item: str
    unit: str
    at: datetime
    minutes: int
    intervals: list[int]
    old: SideAnswer
    new: SideAnswer
    recorded_at: datetime
    source: str
    evidence_kind: str
    evidence_reference: str
    by: str
    words: str


class CurveEditWord(Body):
    """What some intervals of a day are said to have been, from the place `first` on, counted from 0."""

    usage_point: Number
    channel: ChannelName
    day: Day
    first: Annotated[int, Field(ge=0, lt=1500)]
    values: Annotated[list[Typed], Field(min_length=1, max_length=1500)]
    words: Annotated[Words, Field(min_length=1)]


class CurveEdited(Schema):
    """How many intervals changed."""

    changed: int


@router.get("/usage-points/{number}/value", response=KnownAnswer)
def value(
    request: Request, number: Number, item: ItemName, at: Time, known_at: Time | None = None
) -> KnownAnswer:
    """Tell a value as it was known at a time: of the interval that holds `at`, or the register read then."""
    found = known_value(request.auth, number, item, at, known_at or request.now)
    return KnownAnswer(**vars(found))


@router.get("/changes", response=list[ChangeAnswer])
def changes(
    request: Request, since: Time, until: Time, usage_point: Number | None = None, most: Most = 500
) -> list[ChangeAnswer]:
    """List what changed after `since`, until `until` included, by month, point, item and instant."""
    found = changes_between(request.auth, since, until, usage_point)
    return [
        ChangeAnswer(
            usage_point=each.usage_point, item=each.item, unit=each.unit, at=each.at, minutes=each.minutes,
            intervals=list(each.intervals), old=_side(each.old), new=_side(each.new),
            recorded_at=each.recorded_at, source=each.source, evidence_kind=each.evidence[0],
            evidence_reference=each.evidence[1], by=each.by, words=each.words,
        )
        for each in islice(found, most)
    ]  # fmt: skip


@router.post("/curves/edit", response=CurveEdited)
def edit(request: Request, body: CurveEditWord) -> CurveEdited:
    """Set intervals of a day, with the reason; a closed day gets its next version."""
    said = CurveEdit(body.usage_point, body.channel, body.day, body.first, tuple(body.values), body.words)
    return CurveEdited(changed=edit_curve(said, by=request.auth, at=request.now))


def _side(side: Side) -> SideAnswer:
    return SideAnswer(version=side.version, values=list(side.values), quality=list(side.quality))
