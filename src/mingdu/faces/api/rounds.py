"""The reader's phone: his route, and the door by which his values come in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Router, Schema
from pydantic import Field

from mingdu.faces.writing import Instant
from mingdu.rounds.operations import MOST_ITEMS, FieldItem, sync
from mingdu.rounds.queries import route

from .door import Request
from .fields import Body, Id, Key, RegisterName, Short, Time

router = Router(tags=["rounds"])


class StopAnswer(Schema):
    """A meter to read; what is on file is not shown, it is read blind."""

    task_id: int
    usage_point: str
    address: str
    registers: list[str]
    read_at: Instant
    due_at: Instant


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


class SyncBody(Body):
    """What a phone has collected."""

    items: Annotated[list[ItemBody], Field(max_length=MOST_ITEMS)]


class ItemAnswer(Schema):
    """What became of an item: "accepted", "same", or the name of its error."""

    client_id: str
    status: str
    message: str


class SyncAnswer(Schema):
    """What became of each item, in the order sent."""

    results: list[ItemAnswer]


@router.get("/rounds/route", response=list[StopAnswer])
def own_route(request: Request) -> list[StopAnswer]:
    """List the meters that wait for a reader, the earliest limit first."""
    return [
        StopAnswer(
            task_id=stop.task_id, usage_point=stop.usage_point, address=stop.address,
            registers=list(stop.registers), read_at=datetime.fromisoformat(stop.read_at), due_at=stop.due_at,
        )
        for stop in route(request.auth)
    ]  # fmt: skip


@router.post("/rounds/sync", response=SyncAnswer)
def sync_items(request: Request, body: SyncBody) -> SyncAnswer:
    """Take what a phone has collected; a bad item never holds back the others."""
    results = sync([_item(item) for item in body.items], by=request.auth, at=request.now)
    return SyncAnswer(
        results=[
            ItemAnswer(client_id=result.client_id, status=result.status, message=result.message)
            for result in results
        ]
    )


def _item(body: ItemBody) -> FieldItem:
    return FieldItem(
        client_id=body.client_id, task_id=body.task_id, register=body.register_, value=body.value,
        read_at=body.read_at, taken_at=body.taken_at, photo_id=body.photo, outcome=body.outcome,
    )  # fmt: skip
