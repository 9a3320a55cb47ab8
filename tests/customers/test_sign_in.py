"""A customer proves his phone by a one-time code."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from itertools import count

import pytest

from mingdu.base.identity import secret_hash
from mingdu.base.models import AuditEntry, OutboxEvent
from mingdu.base.outbox import deliver_all
from mingdu.base.queries import token_owner
from mingdu.customers.models import Contact, Customer, SignInCode
from mingdu.customers.operations import (
    CODE_MINUTES,
    CODE_TRIES,
    CODES_AT_ONCE,
    SignedIn,
    TooManyCodes,
    WrongCode,
    request_code,
    sign_in_with_code,
)
from mingdu.notices.models import Message
from threads import at_once, only

pytestmark = pytest.mark.database

LIFETIME = timedelta(minutes=CODE_MINUTES)
numbers = count(1)


@pytest.fixture
def phone(module_database: str) -> str:
    """The phone of a customer of his own."""
    return phone_of(new_customer())


def new_customer() -> Customer:
    number = next(numbers)
    holder = Customer.objects.create(code=f"C{number}", name="陈静")
    Contact.objects.create(customer=holder, channel="phone", value=f"138{number:08d}")
    return holder


def phone_of(holder: Customer) -> str:
    return str(Contact.objects.get(customer=holder).value)


def told_codes(phone: str, now: datetime) -> list[str]:
    """The codes that the holder of a phone reads in his inbox, the oldest first."""
    deliver_all(now)
    holder = Contact.objects.filter(value=phone).latest("pk").customer_id
    messages = Message.objects.filter(recipient=f"customer:{holder}", template="sign_in_code")
    return [message.variables["code"] for message in messages.order_by("pk")]


def fresh_code(phone: str, now: datetime) -> str:
    request_code(phone, now=now)
    return told_codes(phone, now)[-1]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_the_right_code_signs_in_with_a_token(phone: str, now: datetime) -> None:
    code = fresh_code(phone, now)
    signed_in = sign_in_with_code(phone, code, now=now)
    assert token_owner(signed_in.token, now=now) == ("customer", signed_in.customer_id)
    assert Contact.objects.get(value=phone).customer_id == signed_in.customer_id
    assert AuditEntry.objects.filter(
        verb="customers.sign_in", by=f"customer:{signed_in.customer_id}"
    ).exists()


def test_only_the_hash_of_a_code_is_kept_with_the_phone(phone: str, now: datetime) -> None:
    code = fresh_code(phone, now)
    assert code not in SignInCode.objects.get(phone=phone).code_hash


def test_a_code_is_used_once_also_at_once(phone: str, now: datetime) -> None:
    code = fresh_code(phone, now)
    outcomes = at_once([partial(sign_in_with_code, phone, code, now=now)] * 6)
    (signed_in,) = only(outcomes, WrongCode)
    assert isinstance(signed_in, SignedIn)
    with pytest.raises(WrongCode):
        sign_in_with_code(phone, code, now=now)


def test_a_code_is_dead_after_five_wrong_tries(phone: str, now: datetime) -> None:
    code = fresh_code(phone, now)
    for _ in range(CODE_TRIES):
        with pytest.raises(WrongCode):
            sign_in_with_code(phone, wrong(code), now=now)
    with pytest.raises(WrongCode):
        sign_in_with_code(phone, code, now=now)
    assert SignInCode.objects.get(phone=phone).tries == CODE_TRIES


def test_the_fifth_try_may_still_be_right(phone: str, now: datetime) -> None:
    code = fresh_code(phone, now)
    for _ in range(CODE_TRIES - 1):
        with pytest.raises(WrongCode):
            sign_in_with_code(phone, wrong(code), now=now)
    assert sign_in_with_code(phone, code, now=now)


def test_a_code_ends(phone: str, now: datetime) -> None:
    code = fresh_code(phone, now)
    with pytest.raises(WrongCode):
        sign_in_with_code(phone, code, now=now + LIFETIME)
    assert sign_in_with_code(phone, code, now=now + LIFETIME - timedelta(seconds=1))


def test_a_fresh_code_replaces_the_one_before_for_good(phone: str, now: datetime) -> None:
    earlier, later = fresh_code(phone, now), fresh_code(phone, now)
    with pytest.raises(WrongCode):
        sign_in_with_code(phone, earlier if earlier != later else wrong(later), now=now)
    assert sign_in_with_code(phone, later, now=now)
    with pytest.raises(WrongCode):
        sign_in_with_code(phone, earlier, now=now)


def test_codes_drawn_before_one_delivery_are_all_told(phone: str, now: datetime) -> None:
    for _ in range(3):
        request_code(phone, now=now)
    assert len(told_codes(phone, now)) == 3


def test_five_codes_are_enough_for_five_minutes(phone: str, now: datetime) -> None:
    for _ in range(CODES_AT_ONCE):
        request_code(phone, now=now)
    with pytest.raises(TooManyCodes):
        request_code(phone, now=now)
    assert SignInCode.objects.filter(phone=phone).count() == CODES_AT_ONCE
    request_code(phone, now=now + LIFETIME)


def test_five_codes_are_enough_also_when_asked_for_at_once(phone: str, now: datetime) -> None:
    outcomes = at_once([partial(request_code, phone, now=now)] * 9)
    assert len(only(outcomes, TooManyCodes)) == CODES_AT_ONCE
    assert len(told_codes(phone, now)) == CODES_AT_ONCE


def test_a_code_belongs_to_its_phone(phone: str, now: datetime) -> None:
    neighbour = new_customer()
    code = fresh_code(phone, now)
    SignInCode.objects.create(
        phone=phone_of(neighbour), customer=neighbour, code_hash=secret_hash(code, context=phone),
        created_at=now, expires_at=now + LIFETIME,
    )  # fmt: skip
    with pytest.raises(WrongCode):
        sign_in_with_code(phone_of(neighbour), code, now=now)
    assert sign_in_with_code(phone, code, now=now)


def test_a_code_drawn_for_the_holder_before_does_not_open_the_account_of_the_new_one(
    phone: str, now: datetime
) -> None:
    code = fresh_code(phone, now)
    new_holder = new_customer()
    Contact.objects.create(customer=new_holder, channel="phone", value=phone)
    with pytest.raises(WrongCode):
        sign_in_with_code(phone, code, now=now)
    assert sign_in_with_code(phone, fresh_code(phone, now), now=now).customer_id == new_holder.pk


def test_an_unknown_phone_answers_as_a_known_one_and_nobody_is_told(phone: str, now: datetime) -> None:
    unknown = "19900000000"
    before = OutboxEvent.objects.count()
    for _ in range(CODES_AT_ONCE):
        request_code(unknown, now=now)
    with pytest.raises(TooManyCodes):
        request_code(unknown, now=now)
    assert OutboxEvent.objects.count() == before
    answers = []
    for number in (unknown, phone):
        with pytest.raises(WrongCode) as refusal:
            sign_in_with_code(number, "000000", now=now)
        answers.append({**refusal.value.as_json(), "values": sorted(refusal.value.values)})
    assert answers[0] == answers[1]
