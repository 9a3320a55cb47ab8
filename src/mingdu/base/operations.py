"""What administrators do with people, and how staff sign in."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from mingdu.errors import TradeError

from . import audit
from .actors import SYSTEM, Actor
from .identity import new_token, secret_hash
from .models import AccessToken, OrgUnit, Person, RoleGrant
from .permissions import require
from .queries import actor_of_person, units_below
from .roles import Role, incompatible_pair
from .sign_in_limit import count_try, limits_of, record_slowed, take_back

SESSION_HOURS = 12


class IncompatibleRoles(TradeError):
    """One person would hold two roles that must stay apart on one unit."""

    next_step = "give one of the roles to another person"


class WrongSignIn(TradeError):
    """Login and password do not fit; which of the two is not said."""

    next_step = "check login and password"


@transaction.atomic
def create_unit(code: str, name: str, *, parent: OrgUnit | None, by: Actor, at: datetime) -> OrgUnit:
    """Create an organisation unit; the same code again returns it."""
    require(by, "base.administer")
    unit, is_new = OrgUnit.objects.get_or_create(code=code, defaults={"name": name, "parent": parent})
    if is_new:
        audit.record(by, "base.create_unit", f"unit:{code}", at=at)
    return unit


@transaction.atomic
def create_person(
    login: str, name: str, *, password: str, unit: OrgUnit | None, by: Actor, at: datetime
) -> Person:
    """Create a member of staff, or set the password of the one with this login."""
    require(by, "base.administer")
    person, _ = Person.objects.update_or_create(
        login=login, defaults={"name": name, "password": make_password(password), "unit": unit}
    )
    audit.record(by, "base.create_person", f"person:{person.pk}", at=at, details={"login": login})
    return person


@transaction.atomic
def grant_role(person: Person, role: Role, *, unit: OrgUnit | None, by: Actor, at: datetime) -> None:
    """
    Give a role on a unit and all below it; the same again changes nothing.

    raises  IncompatibleRoles: who reads does not settle, who proposes does not approve
    """
    require(by, "base.administer")
    Person.objects.select_for_update().get(pk=person.pk)
    _refuse_incompatible(person, role, unit)
    _, is_new = RoleGrant.objects.get_or_create(person=person, role=role, unit=unit)
    if is_new:
        details = {"role": role, "unit": unit.code if unit else None}
        audit.record(by, "base.grant_role", f"person:{person.pk}", at=at, details=details)


def sign_in(login: str, password: str, *, now: datetime, address: str = "") -> tuple[Person, str]:
    """
    Check login and password; returns the person and a fresh token.

    address  where the try comes from; its failures are counted together with those of the login
    raises   WrongSignIn, the same for an unknown login and a wrong password; TooManyTries
    """
    require(SYSTEM, "base.sign_in")
    limits = limits_of(login, address)
    slowed = count_try(limits, now=now)
    person = _proven(login, password)
    if person is None:
        record_slowed(slowed, at=now)
        raise WrongSignIn("login or password is wrong")
    with transaction.atomic():
        take_back(limits, now=now)
        audit.record(actor_of_person(person), "base.sign_in", f"person:{person.pk}", at=now)
        return person, issue_token("person", person.pk, now=now)


def _proven(login: str, password: str) -> Person | None:
    person = Person.objects.filter(login=login, is_active=True).first()
    if person is None:
        # As costly as checking, so that a wrong login takes as long as a wrong password.
        make_password(password)
        return None
    return person if check_password(password, person.password) else None


def issue_token(kind: str, number: int, *, now: datetime, hours: int = SESSION_HOURS) -> str:
    """Write a session for an actor already proven and return its secret; only the hash is kept."""
    require(SYSTEM, "base.sign_in")
    token = new_token()
    AccessToken.objects.create(
        token_hash=secret_hash(token), actor_kind=kind, actor_number=number, created_at=now,
        expires_at=now + timedelta(hours=hours),
    )  # fmt: skip
    return token


def _refuse_incompatible(person: Person, role: Role, unit: OrgUnit | None) -> None:
    wanted = _unit_ids(unit)
    for grant in RoleGrant.objects.filter(person=person).select_related("unit"):
        pair = incompatible_pair(frozenset({Role(grant.role), role}))
        held = _unit_ids(grant.unit)
        if pair and (wanted is None or held is None or wanted & held):
            raise IncompatibleRoles(
                f"{person.login} holds {grant.role} and may not also hold {role} there",
                login=person.login, roles=sorted(pair),
            )  # fmt: skip


def _unit_ids(unit: OrgUnit | None) -> frozenset[int] | None:
    return None if unit is None else units_below(unit.pk)
