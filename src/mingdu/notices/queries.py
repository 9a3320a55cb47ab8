"""Looking at messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from mingdu.base.actors import Actor
from mingdu.base.permissions import require

from .models import Delivery, Message

MOST_ROWS = 200


@dataclass(frozen=True)
class MessageView:
    """A message as an inbox shows it, with the proof of each step."""

    id: int
    recipient: str
    template: str
    title: str
    body: str
    created_at: datetime
    steps: tuple[tuple[str, datetime, str], ...]


def inbox(by: Actor, *, most: int = 50) -> list[MessageView]:
    """Return the actor's own messages, the newest first."""
    require(by, "notices.read")
    own = Message.objects.filter(recipient=by.id).prefetch_related("deliveries").order_by("-id")
    return [_view(message) for message in own[: min(most, MOST_ROWS)]]


def unread_count(by: Actor) -> int:
    """Return how many of the actor's own messages were not opened yet."""
    require(by, "notices.read")
    opened = Delivery.objects.filter(message=OuterRef("pk"), step="read")
    return Message.objects.filter(~Exists(opened), recipient=by.id).count()


def sent_messages(by: Actor, *, most: int = 50) -> list[MessageView]:
    """Return the newest messages to anybody: the outbox page of administrators."""
    require(by, "notices.read_outbox")
    newest = Message.objects.prefetch_related("deliveries").order_by("-id")
    return [_view(message) for message in newest[: min(most, MOST_ROWS)]]


def _view(message: Message) -> MessageView:
    steps: list[Delivery] = sorted(message.deliveries.all(), key=lambda delivery: (delivery.at, delivery.pk))
    return MessageView(
        message.pk, message.recipient, message.template, message.title, message.body, message.created_at,
        tuple((step.step, step.at, step.proof) for step in steps),
    )  # fmt: skip
