"""Looking at a few usage points by code or id, for subjects above that have asked their own door."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from mingdu.metering.models import UsagePoint
from mingdu.metering.readings import UnknownUsagePoint


@dataclass(frozen=True)
class PointFacts:
    """What other subjects print of a usage point or need to file it."""

    id: int
    code: str
    unit_id: int
    address: str


def point_facts(codes: Iterable[str] | None = None) -> dict[str, PointFacts]:
    """Return facts of usage points by code, of all when none are given; unknown codes are left out."""
    found = UsagePoint.objects.all()
    if codes is not None:
        found = found.filter(code__in=list(codes))
    return {facts.code: facts for facts in _facts(found)}


def point_codes(usage_point_ids: Iterable[int]) -> list[str]:
    """Return the codes of usage points by their ids, in order; unknown ids are left out."""
    found = UsagePoint.objects.filter(pk__in=list(usage_point_ids))
    return list(found.order_by("code").values_list("code", flat=True))


def point_facts_by_id(usage_point_id: int) -> PointFacts:
    """Return the facts of one usage point; raises UnknownUsagePoint."""
    for facts in _facts(UsagePoint.objects.filter(pk=usage_point_id)):
        return facts
    raise UnknownUsagePoint(f"usage point with id {usage_point_id}", usage_point_id=usage_point_id)


def _facts(found: QuerySet[UsagePoint]) -> list[PointFacts]:
    return [PointFacts(*row) for row in found.values_list("pk", "code", "unit_id", "address")]
