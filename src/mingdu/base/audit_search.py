"""Finding acts in the audit by person, verb, target and time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from .actors import Actor
from .models import AuditEntry, Person
from .permissions import require

VERB = "base.read_audit"


@dataclass(frozen=True)
class AuditFilter:
    """
    Which acts are wanted; what is empty or None leaves a question out.

    person   beginning of a login, or a part of a name; "system" is the system itself
    verb     beginning: "billing." gives every act of billing
    target   the whole thing, "bill:7", or its kind alone, "bill"
    since, before   half-open span of time
    """

    person: str = ""
    verb: str = ""
    target: str = ""
    since: datetime | None = None
    before: datetime | None = None


def acts_found(by: Actor, wanted: AuditFilter) -> QuerySet[AuditEntry]:
    """Return the acts that fit, the newest first, lazily."""
    require(by, VERB)
    found = AuditEntry.objects.filter(verb__startswith=wanted.verb).order_by("-id")
    if wanted.person:
        found = found.filter(by__in=_actors_named(wanted.person))
    if wanted.target:
        found = found.filter(Q(target=wanted.target) | Q(target__startswith=f"{wanted.target}:"))
    if wanted.since:
        found = found.filter(at__gte=wanted.since)
    return found.filter(at__lt=wanted.before) if wanted.before else found


def _actors_named(text: str) -> list[str]:
    named = Person.objects.filter(Q(login__startswith=text) | Q(name__icontains=text))
    return [text, *(f"person:{number}" for number in named.values_list("pk", flat=True))]
