"""A notice is one message with proof of every step, and its recipient alone reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest

from acting import NOBODY, customer, staff
from mingdu.base.actors import SYSTEM
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.notices.channels import UnknownChannel
from mingdu.notices.models import Delivery, Message
from mingdu.notices.operations import Notice, UnknownMessage, mark_read, send
from mingdu.notices.queries import inbox, sent_messages, unread_count
from mingdu.rulebook.notice_templates import UnknownLanguage, UnknownTemplate, WrongVariables
from threads import at_once

pytestmark = pytest.mark.database

numbers = count(1)


@pytest.fixture
def notice(module_database: str) -> Notice:
    """A notice to a customer of his own."""
    number = next(numbers)
    return Notice(f"customer:{number}", "reread_ordered", f"reread:{number}", {"case": "C7"})


def recipient_of(notice: Notice) -> int:
    return int(notice.recipient.partition(":")[2])


def test_a_sent_notice_is_written_with_its_proof(notice: Notice, now: datetime) -> None:
    message = send(notice, by=SYSTEM, at=now)
    (seen,) = inbox(customer(recipient_of(notice)))
    assert (seen.title, seen.template) == ("已安排现场核实：C7", "reread_ordered")
    assert seen.steps == (("delivered", now, f"inbox:{message.pk}"),)


def test_a_notice_speaks_the_language_of_its_recipient(notice: Notice, now: datetime) -> None:
    message = send(replace(notice, language="en"), by=SYSTEM, at=now)
    assert message.title == "A reader will check on the spot: C7"


def test_the_same_key_tells_once(notice: Notice, now: datetime) -> None:
    first = send(notice, by=SYSTEM, at=now)
    assert send(notice, by=SYSTEM, at=now + timedelta(days=1)) == first
    assert set(at_once([partial(send, notice, by=SYSTEM, at=now)] * 6)) == {first}
    assert Delivery.objects.filter(message=first).count() == 1


def test_a_notice_sent_at_once_is_one_message(notice: Notice, now: datetime) -> None:
    assert len(set(at_once([partial(send, notice, by=SYSTEM, at=now)] * 6))) == 1
    assert Delivery.objects.filter(message__key=notice.key).count() == 1


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ({"template": "dance"}, UnknownTemplate),
        ({"language": "fr"}, UnknownLanguage),
        ({"variables": {}}, WrongVariables),
        ({"variables": {"case": "C7", "more": "x"}}, WrongVariables),
        ({"channel": "pigeon"}, UnknownChannel),
    ],
)
def test_refuses_what_cannot_be_sent(
    change: dict[str, Any], failure: type[Exception], notice: Notice, now: datetime
) -> None:
    with pytest.raises(failure):
        send(replace(notice, **change), by=SYSTEM, at=now)
    assert not Message.objects.filter(key=notice.key).exists()


def test_a_variable_is_never_read_as_a_template(notice: Notice, now: datetime) -> None:
    message = send(replace(notice, variables={"case": "{case.__class__}"}), by=SYSTEM, at=now)
    assert message.title == "已安排现场核实：{case.__class__}"


def test_reading_is_kept_once_as_proof(notice: Notice, now: datetime) -> None:
    message = send(notice, by=SYSTEM, at=now)
    reader = customer(recipient_of(notice))
    for minutes in (1, 2):
        mark_read(message.pk, by=reader, at=now + timedelta(minutes=minutes))
    (seen,) = inbox(reader)
    assert [step for step, _, _ in seen.steps] == ["delivered", "read"]
    assert seen.steps[1] == ("read", now + timedelta(minutes=1), reader.id)


def test_steps_of_one_instant_stand_in_their_order(notice: Notice, now: datetime) -> None:
    message = send(notice, by=SYSTEM, at=now)
    mark_read(message.pk, by=customer(recipient_of(notice)), at=now)
    (seen,) = inbox(customer(recipient_of(notice)))
    assert [step for step, _, _ in seen.steps] == ["delivered", "read"]


def test_a_foreign_message_answers_exactly_as_one_that_is_not_there(notice: Notice, now: datetime) -> None:
    message = send(notice, by=SYSTEM, at=now)
    stranger = customer(recipient_of(notice) + 10_000)
    answers = []
    for number in (message.pk, message.pk + 10_000):
        with pytest.raises(UnknownMessage) as refusal:
            mark_read(number, by=stranger, at=now)
        answers.append(refusal.value.message.replace(str(number), "N"))
    assert answers[0] == answers[1]
    assert inbox(stranger) == []
    assert not Delivery.objects.filter(message=message, step="read").exists()


def test_the_newest_message_stands_first(notice: Notice, now: datetime) -> None:
    older = send(notice, by=SYSTEM, at=now)
    newer = send(replace(notice, key=notice.key + ":again"), by=SYSTEM, at=now)
    reader = customer(recipient_of(notice))
    assert [seen.id for seen in inbox(reader)] == [newer.pk, older.pk]
    assert [seen.id for seen in inbox(reader, most=1)] == [newer.pk]
    assert [seen.id for seen in sent_messages(staff(Role.ADMINISTRATOR), most=2)] == [newer.pk, older.pk]


def test_refuses_whoever_may_not(notice: Notice, now: datetime) -> None:
    refused = (
        partial(send, notice, by=staff(Role.READER), at=now),
        partial(send, notice, by=customer(recipient_of(notice)), at=now),
        partial(mark_read, 1, by=NOBODY, at=now),
        partial(inbox, NOBODY),
        partial(sent_messages, staff(Role.CLERK)),
    )
    for act in refused:
        with pytest.raises(NotPermitted):
            act()


def test_counts_what_was_not_opened_however_many(notice: Notice, now: datetime) -> None:
    reader = customer(recipient_of(notice))
    before = unread_count(reader)
    for number in range(60):
        send(replace(notice, key=f"{notice.key}:{number}"), by=SYSTEM, at=now)
    opened = inbox(reader)[0].id
    mark_read(opened, by=reader, at=now)
    assert unread_count(reader) == before + 59
    assert unread_count(customer(recipient_of(notice) + 10_000)) == 0
