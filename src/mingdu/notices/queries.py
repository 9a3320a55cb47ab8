"""Looking at messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from mingdu.base.actors import Actor
from mingdu.base.database import cursor, reading_connection
from mingdu.base.permissions import require

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
    return _rows("WHERE m.recipient = %(recipient)s", most, recipient=by.id)


def unread_count(by: Actor) -> int:
    """Return how many of the actor's own messages were not opened yet."""
    require(by, "notices.read")
    row = cursor(reading_connection()).execute(_UNREAD, {"recipient": by.id}).fetchone()
    return int(row[0]) if row else 0


def sent_messages(by: Actor, *, most: int = 50) -> list[MessageView]:
    """Return the newest messages to anybody: the outbox page of administrators."""
    require(by, "notices.read_outbox")
    return _rows("", most)


# Every page of a customer asks this for its bell.
_UNREAD = """
    SELECT count(*) FROM notices_message m
    WHERE m.recipient = %(recipient)s AND NOT EXISTS (
        SELECT 1 FROM notices_delivery d WHERE d.message_id = m.id AND d.step = 'read')"""

_NEWEST = """
    SELECT m.id, m.recipient, m.template, m.title, m.body, m.created_at,
           ARRAY(SELECT d.step FROM notices_delivery d WHERE d.message_id = m.id ORDER BY d.at, d.id),
           ARRAY(SELECT d.at FROM notices_delivery d WHERE d.message_id = m.id ORDER BY d.at, d.id),
           ARRAY(SELECT d.proof FROM notices_delivery d WHERE d.message_id = m.id ORDER BY d.at, d.id)
    FROM notices_message m """


def _rows(condition: LiteralString, most: int, **values: object) -> list[MessageView]:
    statement = _NEWEST + condition + " ORDER BY m.id DESC LIMIT %(most)s"
    rows = cursor(reading_connection()).execute(statement, {"most": min(most, MOST_ROWS), **values})
    return [_view(row) for row in rows]


def _view(row: tuple[Any, ...]) -> MessageView:
    steps, at, proofs = row[6:]
    values: list[Any] = [*row[:6], tuple(zip(steps, at, proofs, strict=True))]
    return MessageView(*values)
