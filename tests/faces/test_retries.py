"""Events and buckets that failed too often, tried again over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from faces.small_utility import NOW, Utility
from mingdu.base import ledger, outbox
from mingdu.base.actors import SYSTEM
from mingdu.base.models import OutboxEvent, Run, RunBucket
from mingdu.errors import TradeError

pytestmark = pytest.mark.database


@dataclass(frozen=True)
class GateShut:
    """An event that is handled once the gate is open."""

    gate: int


is_open: list[bool] = []


def pass_gate(payload: dict[str, Any], now: datetime) -> None:
    if not is_open:
        raise TradeError("the gate is shut")


def haul(run: Run, bucket: RunBucket, now: datetime) -> dict[str, Any]:
    pass_gate({}, now)
    return {}


outbox.subscribe(GateShut, "a test over HTTP", pass_gate)
ledger.register_work("hauls", haul)


def test_a_stuck_event_is_delivered_when_an_administrator_says_so(utility: Utility) -> None:
    outbox.publish(GateShut(1), at=NOW)
    row = OutboxEvent.objects.get(event="GateShut")
    early = utility.post(f"outbox/events/{row.pk}/retry", "administrator")
    assert (early.status_code, early.json()["code"]) == (409, "NotGivenUp")
    OutboxEvent.objects.filter(pk=row.pk).update(attempts=outbox.MOST_ATTEMPTS)
    is_open.append(True)
    assert utility.post(f"outbox/events/{row.pk}/retry", "administrator").status_code == 204
    utility.work()
    events = utility.get("outbox/events", "administrator").json()
    assert next(event for event in events if event["id"] == row.pk)["done_at"] is not None
    unknown = utility.post("outbox/events/999999/retry", "administrator")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "UnknownEvent")


def test_a_stuck_bucket_is_worked_on_when_a_manager_says_so(utility: Utility) -> None:
    is_open.clear()
    run = ledger.start_run("hauls", "a stone", range(1), by=SYSTEM, at=NOW)
    ledger.finish_run(run.pk, NOW)
    (stuck,) = utility.get("runs/stuck", "manager").json()
    assert (stuck["kind"], stuck["key"], stuck["error"]) == (
        "hauls",
        "a stone",
        "TradeError: the gate is shut",
    )
    is_open.append(True)
    assert utility.post(f"runs/buckets/{stuck['id']}/retry", "manager").status_code == 204
    utility.work()
    assert utility.get("runs/stuck", "manager").json() == []
    assert ledger.progress(run.pk).is_done
    unknown = utility.post("runs/buckets/999999/retry", "manager")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "UnknownBucket")
