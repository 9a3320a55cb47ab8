"""Sending notices with proof, and marking them read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from mingdu.base.actors import Actor
from mingdu.base.permissions import require
from mingdu.errors import TradeError
from mingdu.rulebook.notice_templates import notice_template

from .channels import channel_named
from .models import Delivery, Message


class UnknownMessage(TradeError):
    """The actor has no such message in his inbox."""

    next_step = "look at the inbox again"


@dataclass(frozen=True)
class Notice:
    """
    What to tell whom.

    recipient   "customer:42" or "person:7"
    key         the same key again is the same message, told once
    """

    recipient: str
    template: str
    key: str
    variables: dict[str, str] = field(default_factory=dict)
    language: str = "zh"
    channel: str = "app"


@transaction.atomic
def send(notice: Notice, *, by: Actor, at: datetime) -> Message:
    """
    Write a message and hand it to its channel, with the proof; the same key again changes nothing.

    raises  UnknownTemplate, UnknownLanguage, WrongVariables, UnknownChannel, NotPermitted
    """
    require(by, "notices.send")
    title, body = notice_template(notice.template).render(notice.language, notice.variables)
    channel = channel_named(notice.channel)
    message, is_new = Message.objects.get_or_create(
        key=notice.key,
        defaults={
            "recipient": notice.recipient,
            "channel": notice.channel,
            "template": notice.template,
            "language": notice.language,
            "variables": notice.variables,
            "title": title,
            "body": body,
            "created_at": at,
        },
    )
    if is_new:
        Delivery.objects.create(message=message, step="delivered", at=at, proof=channel.hand_over(message))
    return message


def mark_read(message_id: int, *, by: Actor, at: datetime) -> None:
    """Keep that the recipient opened his message; raises UnknownMessage for anybody else's."""
    require(by, "notices.read")
    message = Message.objects.filter(pk=message_id, recipient=by.id).first()
    if message is None:
        raise UnknownMessage(f"no message {message_id}", message_id=message_id)
    Delivery.objects.get_or_create(message=message, step="read", defaults={"at": at, "proof": by.id})
