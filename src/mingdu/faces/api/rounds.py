"""The reader's phone: his route, and the door by which his values come in."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from ninja import Router, Schema
from pydantic import Field

from mingdu.faces.writing import Instant
from mingdu.rounds.expectations import Expected
from mingdu.rounds.operations import (
    MOST_ITEMS,
    FieldItem,
    ItemResult,
    UnknownCycle,
    refresh_round,
    send_round,
    sync,
)
from mingdu.rounds.operations.visits import VisitItem, record_visits
from mingdu.rounds.round_plan import RoundChoice
from mingdu.rounds.round_progress import round_progress
from mingdu.rounds.walk import WalkStop, walk

from .door import Request
from .fields import Body, Id, Key, RegisterName, Short, Time, Words

router = Router(tags=["rounds"])

# No book has more readers.
MOST_READERS = 50


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

    kind          "round_reading": of a cycle's round; "reread": what a bill was made from
    account       number and holder of the account that was supplied there; empty without one
    book, place   the reading book and the place in its walk; empty and 0 when the point is in none
    meter_number  of the meter that hung there at the asked instant
    multiplier    energy is what the register moved, times this
    """

    task_id: int
    kind: str
    usage_point: str
    address: str
    account: str
    holder: str
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


class RoundBody(Body):
    """
    Whom to send where.

    is_by_hand  to all points of the list; else to those that lack a reading
    readers     numbers of the people who walk the book from now on; empty: its readers as they are
    """

    is_by_hand: bool = False
    readers: Annotated[list[Id], Field(max_length=MOST_READERS)] = []


class ReaderAnswer(Schema):
    """One reader's part of a round; no name: of stops that nobody was given."""

    name: str
    sent: int
    read: int


class RoundAnswer(Schema):
    """
    How far a cycle's round is: stops sent, read by whichever way, ended without a reading, still to walk.

    read_at  the instant that is read
    """

    run_id: int
    read_at: Instant
    sent: int
    read: int
    missed: int
    waiting: int
    readers: list[ReaderAnswer]


@router.get("/rounds/route", response=list[StopAnswer], by_alias=True)
def own_route(request: Request) -> list[StopAnswer]:
    """List the meters that wait for a reader, the earliest limit first."""
    return [_stop(walked) for walked in walk(request.auth)]


@router.get("/reading-cycles/{run_id}/round", response=RoundAnswer)
def one_round(request: Request, run_id: Id) -> RoundAnswer:
    """Tell how far the readers of a cycle are."""
    return _round(request, run_id)


@router.post("/reading-cycles/{run_id}/round", response=RoundAnswer)
def send(request: Request, run_id: Id, body: RoundBody) -> RoundAnswer:
    """Send readers to what lacks a reading in a cycle, or to all of it; the same again changes nothing."""
    choice = RoundChoice(body.is_by_hand, tuple(body.readers))
    send_round(run_id, choice, by=request.auth, at=request.now)
    return _round(request, run_id)


@router.post("/reading-cycles/{run_id}/round/refresh", response=RoundAnswer)
def refresh(request: Request, run_id: Id) -> RoundAnswer:
    """End the stops whose readings have arrived meanwhile."""
    refresh_round(run_id, by=request.auth, at=request.now)
    return _round(request, run_id)


@router.post("/rounds/sync", response=SyncAnswer)
def sync_items(request: Request, body: SyncBody) -> SyncAnswer:
    """Take what a phone has collected; a bad item never holds back the others."""
    results = sync([_item(item) for item in body.items], by=request.auth, at=request.now)
    results += record_visits([_visit(visit) for visit in body.visits], by=request.auth, at=request.now)
    return SyncAnswer(results=[_answer(result) for result in results])


def _round(request: Request, run_id: int) -> RoundAnswer:
    found = round_progress(request.auth, run_id)
    if found is None:
        raise UnknownCycle(f"no reading cycle {run_id}", run=run_id)
    return RoundAnswer(
        run_id=found.run_id, read_at=found.read_at, sent=found.sent, read=found.read, missed=found.missed,
        waiting=found.waiting, readers=[ReaderAnswer(**vars(reader)) for reader in found.readers],
    )  # fmt: skip


def _stop(walked: WalkStop) -> StopAnswer:
    stop = walked.stop
    return StopAnswer(
        task_id=stop.task_id, kind=stop.kind, usage_point=stop.usage_point, address=stop.address,
        account=walked.holder.account_number if walked.holder else "",
        holder=walked.holder.name if walked.holder else "",
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
