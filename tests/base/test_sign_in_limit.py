"""Passwords cannot be tried out: after some failures each further one makes the next wait longer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import count

import pytest
from django.test import override_settings

from acting import staff
from mingdu.base.actors import SYSTEM
from mingdu.base.models import AuditEntry, SignInTries
from mingdu.base.operations import WrongSignIn, create_person, sign_in
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.base.sign_in_limit import FIRST_WAIT, LONGEST_WAIT, MEMORY, TooManyTries, forget_old_tries
from threads import at_once

pytestmark = pytest.mark.database
FREE, FREE_OF_ADDRESS = 5, 50
ADDRESS = "192.0.2.7"
numbers = count(1)


@pytest.fixture
def login(module_database: str, now: datetime) -> Iterator[str]:
    """A member of staff whose password is "right", no tries counted; hashing costs no time."""
    SignInTries.objects.all().delete()
    name = f"tried-{next(numbers)}"
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        create_person(name, "孙丽", password="right", unit=None, by=SYSTEM, at=now)
        yield name


def fail(login: str, at: datetime, address: str = "") -> None:
    with pytest.raises(WrongSignIn):
        sign_in(login, "wrong", now=at, address=address)


def test_each_failure_beyond_the_free_ones_waits_twice_as_long(login: str, now: datetime) -> None:
    for _ in range(FREE):
        fail(login, now)
    moment, waits = now, []
    for _ in range(12):
        with pytest.raises(TooManyTries) as refusal:
            sign_in(login, "right", now=moment)
        waits.append(timedelta(seconds=refusal.value.values["wait_seconds"]))
        moment += waits[-1]
        fail(login, moment)
    assert waits == [min(FIRST_WAIT * 2**n, LONGEST_WAIT) for n in range(12)]
    slowed = AuditEntry.objects.filter(verb="base.sign_in_slowed", target=f"login:{login}")
    assert slowed.count() == 13
    assert slowed.earliest("pk").details == {"failures": FREE, "wait_seconds": 2}


def test_the_seconds_left_are_rounded_up(login: str, now: datetime) -> None:
    for _ in range(FREE):
        fail(login, now)
    with pytest.raises(TooManyTries) as refusal:
        sign_in(login, "right", now=now + FIRST_WAIT - timedelta(microseconds=1))
    assert refusal.value.values == {"wait_seconds": 1}
    sign_in(login, "right", now=now + FIRST_WAIT)


def test_a_fitting_password_starts_anew(login: str, now: datetime) -> None:
    for _ in range(3):
        for _ in range(FREE - 1):
            fail(login, now)
        sign_in(login, "right", now=now)
    assert not AuditEntry.objects.filter(verb="base.sign_in_slowed", target=f"login:{login}").exists()


def test_an_unknown_login_is_slowed_like_a_known_one(login: str, now: datetime) -> None:
    for name in (login, "nobody-of-that-name"):
        for _ in range(FREE):
            fail(name, now)
        with pytest.raises(TooManyTries):
            sign_in(name, "right", now=now)


def test_an_address_is_slowed_over_all_logins_and_no_other_address_with_it(login: str, now: datetime) -> None:
    for number in range(FREE_OF_ADDRESS):
        fail(f"guessed-{number}", now, ADDRESS)
    with pytest.raises(TooManyTries):
        sign_in(login, "right", now=now, address=ADDRESS)
    sign_in(login, "right", now=now, address="192.0.2.8")
    sign_in(login, "right", now=now + FIRST_WAIT, address=ADDRESS)
    assert SignInTries.objects.get(key=f"address:{ADDRESS}").failures == FREE_OF_ADDRESS
    assert SignInTries.objects.get(key="address:192.0.2.8").failures == 0


def test_one_own_password_does_not_wash_an_address_clean(login: str, now: datetime) -> None:
    for number in range(FREE_OF_ADDRESS):
        sign_in(login, "right", now=now, address=ADDRESS)
        fail(f"victim-{number}", now, ADDRESS)
    with pytest.raises(TooManyTries):
        sign_in(login, "right", now=now, address=ADDRESS)


def test_of_many_tries_at_once_no_more_are_looked_at_than_are_free(login: str, now: datetime) -> None:
    outcomes = at_once([partial(sign_in, login, f"guess {n}", now=now, address=ADDRESS) for n in range(12)])
    kinds = [type(outcome) for outcome in outcomes]
    assert (kinds.count(WrongSignIn), kinds.count(TooManyTries)) == (FREE, 12 - FREE)
    assert SignInTries.objects.get(key=f"login:{login}").failures == FREE
    assert SignInTries.objects.get(key=f"address:{ADDRESS}").failures == FREE


def test_tries_of_several_logins_from_one_address_do_not_hinder_each_other(login: str, now: datetime) -> None:
    guesses = [partial(sign_in, f"many-{n % 4}", "wrong", now=now, address=ADDRESS) for n in range(12)]
    assert {type(outcome) for outcome in at_once(guesses)} == {WrongSignIn}
    assert SignInTries.objects.get(key=f"address:{ADDRESS}").failures == 12


def test_failures_are_forgotten_after_a_day_without_any(login: str, now: datetime) -> None:
    for _ in range(FREE):
        fail(login, now)
    later = now + MEMORY + timedelta(seconds=1)
    for _ in range(FREE - 1):
        fail(login, later)
    sign_in(login, "right", now=later)
    fail("never-seen-again", now)
    assert forget_old_tries(by=SYSTEM, at=later) == 1
    assert list(SignInTries.objects.values_list("key", flat=True)) == [f"login:{login}"]
    with pytest.raises(NotPermitted):
        forget_old_tries(by=staff(Role.ADMINISTRATOR), at=later)


def test_a_login_of_any_length_is_counted(login: str, now: datetime) -> None:
    for _ in range(FREE):
        fail("x" * 500, now, "y" * 500)
    with pytest.raises(TooManyTries):
        sign_in("x" * 500, "wrong", now=now)
