"""Metering closes a town, and its findings are scored against the town's truth just as they are told."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import pytest

from mingdu.base import ledger
from mingdu.base.actors import SYSTEM
from mingdu.core.findings import Rule
from mingdu.metering.operations import close_days, import_file, register_network
from mingdu.metering.queries import findings_open
from mingdu.town.faults import Kind
from mingdu.town.files import write_town
from mingdu.town.model import Town
from mingdu.town.registry import registry_of
from mingdu.town.score import RULES_OF, read_findings, score
from mingdu.town.truth import truth_of


def test_every_kind_of_fault_has_the_names_of_metering() -> None:
    assert set(RULES_OF) == set(Kind)
    seen = {name for kind, names in RULES_OF.items() if kind is not Kind.THIEF for name in names}
    assert seen <= set(Rule.__members__)


@pytest.mark.database
def test_the_findings_of_metering_are_scored_as_they_are(
    database: str, now: datetime, tmp_path: Path
) -> None:
    town = Town(20, 12, date(2026, 12, 1), date(2026, 12, 31))
    write_town(town, tmp_path)
    register_network(registry_of(town), by=SYSTEM, at=now)
    for path in sorted(tmp_path.glob("*s-2026-12.csv")):
        import_file(path, by=SYSTEM, at=now)
    ledger.finish_run(close_days(date(2026, 12, 1), date(2026, 12, 31), by=SYSTEM, at=now).pk, now)
    told = json.loads(json.dumps([vars(each) for each in findings_open(SYSTEM)], default=str))
    scores = {each.kind: each for each in score(read_findings(told), truth_of(town), 12 * 31)}
    assert len(told) > 0
    for kind in (Kind.GAP, Kind.SPIKE):
        assert scores[kind].found == scores[kind].planted > 0
