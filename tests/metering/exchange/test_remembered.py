"""Aliases and mappings: registered with permission and audit, found again, taken out of use."""

from __future__ import annotations

from datetime import datetime

import pytest

from metering.conftest import Network
from mingdu.base.actors import SYSTEM, Actor, Grant
from mingdu.base.models import AuditEntry
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.metering.models import ColumnMapping, PointAlias
from mingdu.metering.operations import (
    AliasTaken,
    BadAlias,
    BadMappingName,
    UnknownMapping,
    register_aliases,
    remove_alias,
    rename_mapping,
    retire_mapping,
    save_mapping,
    use_mapping,
)
from mingdu.metering.queries.aliases import aliases
from mingdu.metering.readings import UnknownUsagePoint
from mingdu.wire.exchange.table.mapping import guess_mapping

pytestmark = pytest.mark.database

MAPPING = guess_mapping(["户号", "时间", "用电量"], [["P0", "2026-12-30 00:00", "1"]])


def engineer(unit: int) -> Actor:
    return Actor("person:1", "王五", (Grant(Role.ENGINEER, frozenset({unit})),))


def verbs() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("verb", flat=True))[-3:]


def test_registers_aliases_once_shows_and_removes_them(network: Network, now: datetime) -> None:
    by = engineer(network.unit)
    assert register_aliases("nmi", {"610": "P0", "611": "P1"}, by=by, at=now) == 2
    assert register_aliases("nmi", {"610": "P0", "612": "P1"}, by=by, at=now) == 1
    assert register_aliases("nmi", {"610": "P0"}, by=by, at=now) == 0
    assert [(each.number, each.usage_point) for each in aliases(by, 2)] == [("610", "P0"), ("611", "P1")]
    assert len(aliases(SYSTEM, 9)) == 3
    assert aliases(engineer(network.unit + 1), 9) == []
    remove_alias("nmi", "610", by=by, at=now)
    assert verbs() == ["metering.register_aliases"] * 2 + ["metering.remove_alias"]
    with pytest.raises(UnknownUsagePoint):
        remove_alias("nmi", "610", by=by, at=now)


def test_refuses_aliases_that_lead_elsewhere_or_nowhere(network: Network, now: datetime) -> None:
    register_aliases("nmi", {"610": "P0"}, by=SYSTEM, at=now)
    with pytest.raises(AliasTaken):
        register_aliases("nmi", {"999": "P0", "610": "P1"}, by=SYSTEM, at=now)
    with pytest.raises(UnknownUsagePoint):
        register_aliases("nmi", {"611": "P9"}, by=SYSTEM, at=now)
    with pytest.raises(UnknownUsagePoint):
        register_aliases("nmi", {"611": "P1"}, by=engineer(network.unit + 1), at=now)
    with pytest.raises(UnknownUsagePoint):
        remove_alias("nmi", "610", by=engineer(network.unit + 1), at=now)
    for kind, number in (("fax", "610"), ("nmi", ""), ("nmi", "6" * 81)):
        with pytest.raises(BadAlias):
            register_aliases(kind, {number: "P0"}, by=SYSTEM, at=now)
    with pytest.raises(NotPermitted):
        register_aliases("nmi", {"611": "P1"}, by=Actor("person:2", "李四"), at=now)
    assert PointAlias.objects.count() == 1


def test_remembers_a_mapping_under_its_name_until_it_is_retired(network: Network, now: datetime) -> None:
    save_mapping("集抄系统", MAPPING, by=SYSTEM, at=now)
    with pytest.raises(BadMappingName):
        save_mapping("集抄系统", MAPPING, by=SYSTEM, at=now)
    rename_mapping("集抄系统", "老系统", by=SYSTEM, at=now)
    assert use_mapping("老系统", by=SYSTEM, at=now) == MAPPING
    assert ColumnMapping.objects.get().used_at == now
    save_mapping("集抄系统", MAPPING, by=SYSTEM, at=now)
    with pytest.raises(BadMappingName):
        rename_mapping("集抄系统", "老系统", by=SYSTEM, at=now)
    retire_mapping("老系统", by=SYSTEM, at=now)
    rename_mapping("集抄系统", "老系统", by=SYSTEM, at=now)
    assert verbs() == ["metering.save_mapping", "metering.retire_mapping", "metering.rename_mapping"]
    for act in (use_mapping, retire_mapping):
        with pytest.raises(UnknownMapping):
            act("集抄系统", by=SYSTEM, at=now)
    for name in ("", " a", "a" * 61):
        with pytest.raises(BadMappingName):
            save_mapping(name, MAPPING, by=SYSTEM, at=now)
