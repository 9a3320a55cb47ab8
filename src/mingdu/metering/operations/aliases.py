"""Registers foreign numbers of usage points, by which files of other houses find them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.permissions import require, scope
from mingdu.errors import TradeError
from mingdu.metering.models import PointAlias, UsagePoint
from mingdu.metering.readings import UnknownUsagePoint

ALIAS_KINDS = ("nmi", "mrid", "location", "account")
MOST_CHARACTERS = 80


class BadAlias(TradeError):
    """A kind of number that there is not, or a number that is empty or too long."""

    next_step = "give the kind nmi, mrid, location or account, and the number as the files write it"


class AliasTaken(TradeError):
    """The number leads to another usage point already."""

    next_step = "remove it there first, or correct the number"


@transaction.atomic
def register_aliases(kind: str, numbers: Mapping[str, str], *, by: Actor, at: datetime) -> int:
    """
    Register foreign numbers; the same again changes nothing.

    kind     one of ALIAS_KINDS
    numbers  number → code of the usage point
    returns  how many are new
    raises   NotPermitted, BadAlias, UnknownUsagePoint, AliasTaken; then none is registered
    """
    require(by, "metering.register")
    if kind not in ALIAS_KINDS or not all(0 < len(number) <= MOST_CHARACTERS for number in numbers):
        raise BadAlias(f"kind {kind!r} with {len(numbers)} numbers", kind=kind, kinds=ALIAS_KINDS)
    points = _points(sorted(set(numbers.values())), by)
    stored = dict(
        PointAlias.objects.filter(kind=kind, number__in=list(numbers)).values_list("number", "usage_point_id")
    )
    new = []
    for number, code in numbers.items():
        if number not in stored:
            new.append(PointAlias(kind=kind, number=number, usage_point_id=points[code], by=by.id, at=at))
        elif stored[number] != points[code]:
            raise AliasTaken(f"{kind} {number} leads elsewhere", kind=kind, number=number)
    PointAlias.objects.bulk_create(new)
    if new:
        details = {"kind": kind, "numbers": [each.number for each in new[:100]], "count": len(new)}
        audit.record(by, "metering.register_aliases", f"point_alias:{kind}", at=at, details=details)
    return len(new)


@transaction.atomic
def remove_alias(kind: str, number: str, *, by: Actor, at: datetime) -> None:
    """
    Remove a foreign number; files that carry it no longer find a usage point.

    raises  NotPermitted, UnknownUsagePoint: no such number, or one of a foreign unit
    """
    require(by, "metering.register")
    alias = PointAlias.objects.select_related("usage_point").filter(kind=kind, number=number).first()
    if alias is None or not scope(by, "metering.register").covers_unit(alias.usage_point.unit_id):
        raise UnknownUsagePoint(f"{kind} {number}", kind=kind, number=number)
    details = {"usage_point": alias.usage_point.code, "number": number}
    audit.record(by, "metering.remove_alias", f"point_alias:{kind}", at=at, details=details)
    alias.delete()


def _points(codes: list[str], by: Actor) -> dict[str, int]:
    seen = scope(by, "metering.register").unit_ids
    found = UsagePoint.objects.filter(code__in=codes)
    if seen is not None:
        found = found.filter(unit_id__in=seen)
    points = dict(found.values_list("code", "pk"))
    for code in codes:
        if code not in points:
            raise UnknownUsagePoint(f"usage point {code}", usage_point=code)
    return points
