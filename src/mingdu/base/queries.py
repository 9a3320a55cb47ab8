"""Looking at people, units, tokens, audit."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from .actors import Actor, Grant
from .identity import secret_hash
from .models import AccessToken, AuditEntry, OrgUnit, OutboxEvent, Person
from .permissions import require
from .roles import Role

MOST_ROWS = 500


def units_below(unit_id: int) -> frozenset[int]:
    """Return the unit and everything below it in the tree."""
    children: dict[int | None, list[int]] = {}
    for pk, parent in OrgUnit.objects.values_list("pk", "parent_id"):
        children.setdefault(parent, []).append(pk)
    found, waiting = set(), [unit_id]
    while waiting:
        unit = waiting.pop()
        if unit not in found:
            found.add(unit)
            waiting.extend(children.get(unit, ()))
    return frozenset(found)


def units_above(unit_id: int) -> frozenset[int]:
    """Return the unit and everything above it in the tree."""
    parents = dict(OrgUnit.objects.values_list("pk", "parent_id"))
    found: set[int] = set()
    unit: int | None = unit_id
    while unit is not None and unit not in found:
        found.add(unit)
        unit = parents.get(unit)
    return frozenset(found)


def unit_code(unit_id: int) -> str:
    """Return the code of a unit, for subjects whose rules name units by it."""
    code: str = OrgUnit.objects.values_list("code", flat=True).get(pk=unit_id)
    return code


def actor_of_person(person: Person) -> Actor:
    """Return the frozen picture of a person: roles with every unit they cover."""
    grants = tuple(
        Grant(Role(role), None if unit is None else units_below(unit))
        for role, unit in person.grants.order_by("role").values_list("role", "unit_id")
    )
    return Actor(id=f"person:{person.pk}", name=person.name, grants=grants, language=person.language)


def actor_by_login(login: str) -> Actor | None:
    """Return the actor with this login, or None."""
    person = Person.objects.filter(login=login, is_active=True).first()
    return actor_of_person(person) if person else None


def actor_by_person_id(person_id: int) -> Actor | None:
    """Return the actor of a signed-in person, or None when he may no longer sign in."""
    person = Person.objects.filter(pk=person_id, is_active=True).first()
    return actor_of_person(person) if person else None


def token_owner(token: str, *, now: datetime) -> tuple[str, int] | None:
    """Return (kind, number) of the actor whose session this is; None when unknown or expired."""
    return session_owner(secret_hash(token), now=now)


def session_owner(token_hash: str, *, now: datetime) -> tuple[str, int] | None:
    """Return the same as `token_owner`, by the hash that a browser's session keeps of its token."""
    row = AccessToken.objects.filter(token_hash=token_hash, expires_at__gt=now).first()
    return (row.actor_kind, row.actor_number) if row else None


def names_of(actor_ids: set[str]) -> dict[str, str]:
    """Return the printed names of persons by actor id."""
    numbers = [int(actor_id.partition(":")[2]) for actor_id in actor_ids if actor_id.startswith("person:")]
    return {
        f"person:{pk}": name for pk, name in Person.objects.filter(pk__in=numbers).values_list("pk", "name")
    }


def read_audit(by: Actor, *, target: str = "", most: int = 100) -> list[AuditEntry]:
    """Return the newest acts, of one target when given."""
    require(by, "base.read_audit")
    entries = AuditEntry.objects.order_by("-id")
    if target:
        entries = entries.filter(target=target)
    return list(entries[: min(most, MOST_ROWS)])


def read_outbox(by: Actor, *, most: int = 100) -> list[OutboxEvent]:
    """Return the newest events with what became of them."""
    require(by, "base.read_outbox")
    return list(OutboxEvent.objects.order_by("-id")[: min(most, MOST_ROWS)])


def persons_with_role(role: str, unit_id: int | None = None) -> list[tuple[int, str]]:
    """
    Return (number, language) of active people who hold a role, for subjects that tell them.

    unit_id  the role must cover this unit; None: it is held anywhere
    """
    covers = Q(grants__role=role)
    if unit_id is not None:
        covers &= Q(grants__unit__isnull=True) | Q(grants__unit_id__in=units_above(unit_id))
    holders = Person.objects.filter(covers, is_active=True).distinct().order_by("pk")
    return list(holders.values_list("pk", "language"))
