"""One's own inbox; for administrators what was sent, what waits and what was done."""

from __future__ import annotations

from typing import Any

from ninja import Router, Schema, Status

from mingdu.base.queries import read_audit, read_outbox
from mingdu.base.retries import retry_event
from mingdu.faces.writing import Instant
from mingdu.notices.operations import mark_read
from mingdu.notices.queries import MessageView, inbox, sent_messages

from .door import Request
from .fields import Filter, Id, Most

router = Router(tags=["messages"])


class DeliveryAnswer(Schema):
    """A step of a message's way, with its proof."""

    step: str
    at: Instant
    proof: str


class MessageAnswer(Schema):
    """A message with the proof of each step."""

    id: int
    recipient: str
    template: str
    title: str
    body: str
    created_at: Instant
    steps: list[DeliveryAnswer]


class EventAnswer(Schema):
    """An event for one consumer with what became of it; its content stays inside."""

    id: int
    event: str
    consumer: str
    created_at: Instant
    attempts: int
    error: str
    done_at: Instant | None


class ActAnswer(Schema):
    """One act of the audit."""

    at: Instant
    by: str
    verb: str
    target: str
    details: dict[str, Any]


@router.get("/inbox", response=list[MessageAnswer])
def own_inbox(request: Request) -> list[MessageAnswer]:
    """List one's own messages, the newest first."""
    return [_message(view) for view in inbox(request.auth)]


@router.post("/inbox/{id}/read", response={204: None})
def read_message(request: Request, id: Id) -> Status[None]:
    """Keep that one has opened a message."""
    mark_read(id, by=request.auth, at=request.now)
    return Status(204, None)


@router.get("/outbox/messages", response=list[MessageAnswer])
def outbox_messages(request: Request, most: Most = 50) -> list[MessageAnswer]:
    """List the newest messages to anybody, one-time codes included."""
    return [_message(view) for view in sent_messages(request.auth, most=most)]


@router.get("/outbox/events", response=list[EventAnswer])
def outbox_events(request: Request, most: Most = 100) -> list[EventAnswer]:
    """List the newest events between subjects with what became of them."""
    return [
        EventAnswer(
            id=row.pk, event=row.event, consumer=row.consumer, created_at=row.created_at,
            attempts=row.attempts, error=row.error, done_at=row.done_at,
        )
        for row in read_outbox(request.auth, most=most)
    ]  # fmt: skip


@router.post("/outbox/events/{id}/retry", response={204: None})
def retry(request: Request, id: Id) -> Status[None]:
    """Let an event be delivered again that has used all its tries."""
    retry_event(id, by=request.auth, at=request.now)
    return Status(204, None)


@router.get("/audit", response=list[ActAnswer])
def audit(request: Request, target: Filter = "", most: Most = 100) -> list[ActAnswer]:
    """List the newest acts, of one target when given."""
    return [
        ActAnswer(at=row.at, by=row.by, verb=row.verb, target=row.target, details=row.details)
        for row in read_audit(request.auth, target=target, most=most)
    ]


def _message(view: MessageView) -> MessageAnswer:
    steps = [DeliveryAnswer(step=step, at=at, proof=proof) for step, at, proof in view.steps]
    return MessageAnswer(
        id=view.id, recipient=view.recipient, template=view.template, title=view.title, body=view.body,
        created_at=view.created_at, steps=steps,
    )  # fmt: skip
