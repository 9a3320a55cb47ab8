"""The reader's phone: his route, and the door by which his values come in."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from ninja import Router, Schema
from pydantic import Field

from mingdu.faces.writing import Instant
from mingdu.rounds.expectations import Expected
from mingdu.rounds.operations import MOST_ITEMS, FieldItem, ItemResult, sync
from mingdu.rounds.operations.visits import VisitItem, record_visits
from mingdu.rounds.walk import WalkStop, walk

from .door import Request
from .fields import Body, Id, Key, RegisterName, Short, Time, Words

router = Router(tags=["rounds"])


class ExpectedAnswer(Schema):
    """
    What a register is expected to show, for a check on the spot; never what is on file for the asked instant.

    places, decimals  digits before and after the point
    start             what it showed when the month began, decimal text; null: not known
    usual             how far it moves in a month; most: more than that since the start is unlikely
    """

    register_: Annotated[str, Field(serialization_alias="register")]
    places: int
    decimals: int
    start: str | None
    usual: str | None
    most: str | None


class StopAnswer(Schema):
    """
    A meter to read; what is on file is not shown, it is read blind.

    book, place   the reading book and the place in its walk; empty and 0 when the point is in none
    meter_number  of the meter that hung there at the asked instant
    multiplier    energy is what the register moved, times this
    """

    task_id: int
    usage_point: str
    address: str
    registers: list[str]
    read_at: Instant
    due_at: Instant
    book: str
    place: int
    meter_number: str
    multiplier: int
    expected: list[ExpectedAnswer]


class ItemBody(Body):
    """
    A value as the phone sends it.

    client_id  the phone's own number of the item; the same again changes nothing
    value      as the register shows it, decimal text
    read_at    the instant it shows; taken_at: when the reader stood there
    photo      number of an attachment
    """

    client_id: Key
    task_id: Id
    register_: Annotated[RegisterName, Field(alias="register")]
    value: Short
    read_at: Time
    taken_at: Time
    photo: Id | None = None
    outcome: Short = "read"


class VisitBody(Body):
    """
    That the reader stood at the meter of a task.

    client_id     the phone's own number of the visit; the same again changes nothing
    outcome       "read", or the reason for none, which ends the task: locked, dog, refused, meter_broken,
                  unreadable, other_meter, not_found, other
    photo         number of an attachment
    is_confirmed  his phone found a value unlikely, and he stands by it
    """

    client_id: Key
    task_id: Id
    outcome: Short
    taken_at: Time
    note: Words = ""
    photo: Id | None = None
    is_confirmed: bool = False


class SyncBody(Body):
    """What a phone has collected: values, and visits with photo, words or a reason for no value."""

    items: Annotated[list[ItemBody], Field(max_length=MOST_ITEMS)]
    visits: Annotated[list[VisitBody], Field(max_length=MOST_ITEMS)] = []


class ItemAnswer(Schema):
    """What became of an item: "accepted", "same", or the name of its error."""

    client_id: str
    status: str
    message: str


class SyncAnswer(Schema):
    """What became of each item, then of each visit, in the order sent."""

    results: list[ItemAnswer]


@router.get("/rounds/route", response=list[StopAnswer], by_alias=True)
def own_route(request: Request) -> list[StopAnswer]:
    """List the meters that wait for a reader, the earliest limit first."""
    return [_stop(walked) for walked in walk(request.auth)]


@router.post("/rounds/sync", response=SyncAnswer)
def sync_items(request: Request, body: SyncBody) -> SyncAnswer:
    """Take what a phone has collected; a bad item never holds back the others."""
    results = sync([_item(item) for item in body.items], by=request.auth, at=request.now)
    results += record_visits([_visit(visit) for visit in body.visits], by=request.auth, at=request.now)
    return SyncAnswer(results=[_answer(result) for result in results])


def _stop(walked: WalkStop) -> StopAnswer:
    stop = walked.stop
    return StopAnswer(
        task_id=stop.task_id, usage_point=stop.usage_point, address=stop.address,
        registers=list(stop.registers), read_at=datetime.fromisoformat(stop.read_at), due_at=stop.due_at,
        book=walked.book, place=walked.place, meter_number=walked.meter_number,
        multiplier=walked.expected.multiplier,
        expected=[_expected(each) for each in walked.expected.registers],
    )  # fmt: skip


def _expected(expected: Expected) -> ExpectedAnswer:
    decimals = expected.decimals
    return ExpectedAnswer(
        register_=expected.register.name, places=expected.places, decimals=decimals,
        start=_shown(expected.start, decimals), usual=_shown(expected.usual, decimals),
        most=_shown(expected.most, decimals),
    )  # fmt: skip


def _shown(digits: int | None, decimals: int) -> str | None:
    """Write register digits as the register shows them."""
    return None if digits is None else str(Decimal(digits).scaleb(-decimals))


def _item(body: ItemBody) -> FieldItem:
    return FieldItem(
        client_id=body.client_id, task_id=body.task_id, register=body.register_, value=body.value,
        read_at=body.read_at, taken_at=body.taken_at, photo_id=body.photo, outcome=body.outcome,
    )  # fmt: skip


def _visit(body: VisitBody) -> VisitItem:
    return VisitItem(
        client_id=body.client_id, task_id=body.task_id, outcome=body.outcome, taken_at=body.taken_at,
        note=body.note, photo_id=body.photo, is_confirmed=body.is_confirmed,
    )  # fmt: skip


def _answer(result: ItemResult) -> ItemAnswer:
    return ItemAnswer(client_id=result.client_id, status=result.status, message=result.message)
