"""Staff as administrators keep it: who there is, who left, which role ended, a new password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q, QuerySet

from mingdu.errors import TradeError

from . import audit
from .actors import Actor
from .identity import new_password
from .models import AccessToken, OrgUnit, Person, RoleGrant
from .operations import grant_role
from .permissions import require
from .roles import Role

VERB = "base.administer"


class UnknownMember(TradeError):
    """There is no such member of staff."""

    next_step = "look at the list of people"


class UnknownUnit(TradeError):
    """There is no such organisation unit."""

    next_step = "look at the tree of units"


class LoginTaken(TradeError):
    """Somebody else signs in by this name."""

    next_step = "choose another login"


class OwnAccess(TradeError):
    """An administrator would take his own access away, and nobody could give it back."""

    next_step = "let another administrator do it"


class RoleNotHeld(TradeError):
    """The person does not hold this role there."""

    next_step = "look at the person's roles"


@dataclass(frozen=True)
class HeldRole:
    """A role of a person; `unit` is empty for the whole company."""

    grant_id: int
    role: str
    unit: str


@dataclass(frozen=True)
class Member:
    """A member of staff with the roles he holds."""

    id: int
    login: str
    name: str
    unit: str
    is_active: bool
    roles: tuple[HeldRole, ...]


@dataclass(frozen=True)
class UnitRow:
    """A unit in its tree; `depth` 0 at the top, `people` who belong to it."""

    id: int
    code: str
    name: str
    depth: int
    people: int


def people_listed(by: Actor, text: str = "") -> QuerySet[Person]:
    """Return staff whose login or name holds a text, by login, lazily; `member_of` reads one."""
    require(by, VERB)
    named = Q(login__icontains=text) | Q(name__icontains=text)
    found = Person.objects.filter(named).select_related("unit").prefetch_related("grants__unit")
    return found.order_by("-is_active", "login")


def member_of(person: Person) -> Member:
    """Return a person of `people_listed` as pages show him."""
    grants = sorted(person.grants.all(), key=lambda grant: (grant.role, grant.pk))
    roles = (HeldRole(grant.pk, grant.role, grant.unit.name if grant.unit else "") for grant in grants)
    unit = person.unit.name if person.unit else ""
    return Member(person.pk, person.login, person.name, unit, person.is_active, tuple(roles))


def member(by: Actor, person_id: int) -> Member:
    """Return one member of staff; raises UnknownMember."""
    found = people_listed(by).filter(pk=person_id).first()
    if found is None:
        raise UnknownMember(f"no person {person_id}", person=person_id)
    return member_of(found)


def unit_tree(by: Actor) -> list[UnitRow]:
    """Return all units, each after the one above it, those of one level by code."""
    require(by, VERB)
    children: dict[int | None, list[OrgUnit]] = {}
    for unit in OrgUnit.objects.order_by("code"):
        children.setdefault(unit.parent_id, []).append(unit)
    people: dict[int | None, int] = {}
    for unit_id in Person.objects.filter(is_active=True).values_list("unit_id", flat=True):
        people[unit_id] = people.get(unit_id, 0) + 1
    rows, waiting = [], [(unit, 0) for unit in reversed(children.get(None, []))]
    while waiting:
        unit, depth = waiting.pop()
        rows.append(UnitRow(unit.pk, unit.code, unit.name, depth, people.get(unit.pk, 0)))
        waiting += [(child, depth + 1) for child in reversed(children.get(unit.pk, []))]
    return rows


@transaction.atomic
def employ(login: str, name: str, *, unit_id: int | None, by: Actor, at: datetime) -> tuple[int, str]:
    """
    Create a member of staff without roles.

    returns  his number and his first password, which is kept nowhere
    raises   LoginTaken, UnknownUnit, NotPermitted
    """
    require(by, VERB)
    password = new_password()
    person, is_new = Person.objects.get_or_create(
        login=login, defaults={"name": name, "password": make_password(password), "unit": unit_of(unit_id)}
    )
    if not is_new:
        raise _taken(person)
    audit.record(by, "base.create_person", f"person:{person.pk}", at=at, details={"login": login})
    return person.pk, password


@transaction.atomic
def employ_as(
    login: str, name: str, role: Role, *, unit_code: str, by: Actor, at: datetime
) -> tuple[int, str]:
    """
    Create a member of staff who holds a role, all or nothing.

    unit_code  where he works and holds it; empty: the whole company
    returns    his number and his first password, which is kept nowhere
    raises     LoginTaken, UnknownUnit, NotPermitted
    """
    require(by, VERB)
    unit = OrgUnit.objects.filter(code=unit_code).first()
    if unit is None and unit_code:
        raise UnknownUnit(f"no unit {unit_code}", unit=unit_code)
    unit_id = unit.pk if unit else None
    number, password = employ(login, name, unit_id=unit_id, by=by, at=at)
    give_role(number, role, unit_id=unit_id, by=by, at=at)
    return number, password


@transaction.atomic
def give_role(person_id: int, role: Role, *, unit_id: int | None, by: Actor, at: datetime) -> None:
    """
    Give a person a role on a unit and all below it; unit None is the whole company.

    raises  UnknownMember, UnknownUnit, IncompatibleRoles, NotPermitted
    """
    require(by, VERB)
    grant_role(locked_person(person_id), role, unit=unit_of(unit_id), by=by, at=at)


@transaction.atomic
def withdraw_role(person_id: int, grant_id: int, *, by: Actor, at: datetime) -> None:
    """
    End a role of a person; what he was signed in with is void.

    raises  UnknownMember, RoleNotHeld, OwnAccess, NotPermitted
    """
    require(by, VERB)
    person = locked_person(person_id)
    grant = RoleGrant.objects.select_related("unit").filter(pk=grant_id, person=person).first()
    if grant is None:
        raise RoleNotHeld(f"{person.login} holds no role {grant_id}", login=person.login)
    if person.pk == by.number and grant.role == Role.ADMINISTRATOR:
        raise OwnAccess("nobody takes his own administration away", login=person.login)
    details = {"role": grant.role, "unit": grant.unit.code if grant.unit else None}
    grant.delete()
    _end_tokens(person)
    audit.record(by, "base.withdraw_role", f"person:{person.pk}", at=at, details=details)


@transaction.atomic
def deactivate(person_id: int, *, by: Actor, at: datetime) -> None:
    """
    End a person's access: he signs in no more, and what he was signed in with is void.

    raises  UnknownMember, OwnAccess, NotPermitted
    """
    require(by, VERB)
    person = locked_person(person_id)
    if person.pk == by.number:
        raise OwnAccess("nobody ends his own access", login=person.login)
    if person.is_active:
        person.is_active = False
        person.save(update_fields=["is_active"])
        _end_tokens(person)
        audit.record(by, "base.deactivate", f"person:{person.pk}", at=at)


@transaction.atomic
def reactivate(person_id: int, *, by: Actor, at: datetime) -> None:
    """Let a person sign in again, with the roles that he holds; raises UnknownMember, NotPermitted."""
    require(by, VERB)
    person = locked_person(person_id)
    if not person.is_active:
        person.is_active = True
        person.save(update_fields=["is_active"])
        audit.record(by, "base.reactivate", f"person:{person.pk}", at=at)


@transaction.atomic
def reset_password(person_id: int, *, by: Actor, at: datetime) -> str:
    """
    Give a person a new password and return it; it is kept nowhere, and what he was signed in with is void.

    raises  UnknownMember, NotPermitted
    """
    require(by, VERB)
    person = locked_person(person_id)
    password = new_password()
    person.password = make_password(password)
    person.save(update_fields=["password"])
    _end_tokens(person)
    audit.record(by, "base.reset_password", f"person:{person.pk}", at=at)
    return password


def locked_person(person_id: int) -> Person:
    """Return a person, locked until the transaction ends; raises UnknownMember."""
    person = Person.objects.select_for_update().filter(pk=person_id).first()
    if person is None:
        raise UnknownMember(f"no person {person_id}", person=person_id)
    return person


def unit_of(unit_id: int | None) -> OrgUnit | None:
    """Return a unit; None is the whole company; raises UnknownUnit."""
    if unit_id is None:
        return None
    unit = OrgUnit.objects.filter(pk=unit_id).first()
    if unit is None:
        raise UnknownUnit(f"no unit {unit_id}", unit=unit_id)
    return unit


def _taken(person: Person) -> LoginTaken:
    """Tell who signs in by a login already, for administrators alone."""
    held = member_of(person).roles
    roles = [f"{each.role} ({each.unit or 'the whole company'})" for each in held]
    told = f"{person.name}; {', '.join(roles) or 'no role'}; {'active' if person.is_active else 'ended'}"
    return LoginTaken(
        f"{person.login} is taken: {told}",
        login=person.login, name=person.name, roles=roles, is_active=person.is_active,
    )  # fmt: skip


def _end_tokens(person: Person) -> None:
    AccessToken.objects.filter(actor_kind="person", actor_number=person.pk).delete()
