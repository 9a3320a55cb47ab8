"""Health and metrics of the running system; worker and head end report by beats in the data folder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version

from django.conf import settings
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from mingdu.base.actors import SYSTEM
from mingdu.base.outbox import waiting
from mingdu.base.retries import count_stuck
from mingdu.core.clock import civil_day
from mingdu.metering.queries.network import frames_stored, terminals
from mingdu.metering.queries.sealed import damaged_files, is_anything_sealed

from .backup.state import board_of
from .beats import beats, counts_of
from .clock import Clock, clock_of
from .environment import Environment
from .months import is_month_left

# Processes that must beat; each does so every few seconds.
BEATING = ("worker", "headend")
OK, DOWN, DEGRADED = "ok", "down", "degraded"
HEADEND_WORDS = (
    "What the head end holds now (sessions, waiting, database_up) and has counted since it started"
)
WORKER_WORDS = "Failures that nobody foresaw, since the worker that beat last was started, by kind of work"


def health_of(environment: Environment, now: datetime, today: date) -> dict[str, str]:
    """
    Return what /health says: each part "ok" or "down", and the status of the whole.

    Backups are a part from the first one on; when only they fail or are late, the whole serves, degraded.
    So are sealed files from the first one on: one that is missing or damaged answers with an error.

    now    real time, by which the processes beat
    today  the utility's day; less than a month of storage from it on is down
    """
    is_up = database_answers()
    parts = {"database": OK if is_up else DOWN}
    parts |= {name: OK if beats(environment, name, now) else DOWN for name in BEATING}
    parts["storage"] = OK if is_up and is_month_left(today) else DOWN
    whole = OK if set(parts.values()) == {OK} else DOWN
    apart = _parts_apart(environment, now, is_up)
    if whole == OK and DOWN in apart.values():
        whole = DEGRADED
    parts |= apart
    return {"status": whole, **parts, "version": version("mingdu")}


def _parts_apart(environment: Environment, now: datetime, is_up: bool) -> dict[str, str]:
    """Return the parts without which the whole still serves."""
    parts = {}
    backups = board_of(environment, now, settings.ZONE)
    if backups.lines or backups.failure:
        parts["backup"] = OK if backups.is_well else DOWN
    if is_up and is_anything_sealed():
        parts["sealed"] = DOWN if damaged_files() else OK
    return parts


def living() -> dict[str, bool]:
    """Tell of each process that must beat whether it does, by real time."""
    now = Clock().now()
    return {name: beats(settings.ENVIRONMENT, name, now) for name in BEATING}


def health(request: HttpRequest) -> HttpResponse:
    """Answer 200 when every part that serves lives, else 503."""
    today = civil_day(clock_of(settings.ENVIRONMENT).now(), settings.ZONE)
    found = health_of(settings.ENVIRONMENT, Clock().now(), today)
    return JsonResponse(found, status=503 if found["status"] == DOWN else 200)


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer in the text format of Prometheus: this process's own counts, and what the database holds now."""
    stored = CollectorRegistry(auto_describe=False)
    stored.register(StoredFigures(clock_of(settings.ENVIRONMENT).now()))
    counted = CollectorRegistry(auto_describe=False)
    counted.register(BeatFigures(settings.ENVIRONMENT, Clock().now()))
    text = generate_latest(REGISTRY) + generate_latest(stored) + generate_latest(counted)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


@dataclass(frozen=True)
class StoredFigures(Collector):
    """Figures counted in the database when asked; only `mingdu_database_up` when it does not answer."""

    now: datetime

    def collect(self) -> Iterable[Metric]:
        """Count."""
        is_up = database_answers()
        yield GaugeMetricFamily("mingdu_database_up", "Whether the database answers", value=int(is_up))
        if not is_up:
            return
        yield GaugeMetricFamily(
            "mingdu_outbox_waiting", "Events that wait for their consumer", value=waiting(self.now)
        )
        events, buckets = count_stuck()
        yield GaugeMetricFamily(
            "mingdu_outbox_stuck", "Events that failed too often and wait for a person", value=events
        )
        yield GaugeMetricFamily(
            "mingdu_buckets_stuck", "Buckets that failed too often and wait for a person", value=buckets
        )
        yield GaugeMetricFamily(
            "mingdu_sealed_damaged",
            "Sealed files that were found missing or damaged",
            value=len(damaged_files()),
        )
        yield GaugeMetricFamily(
            "mingdu_terminals_online",
            "Terminals connected now, of the first 1,000 by address",
            value=sum(terminal.is_online for terminal in terminals(SYSTEM)),
        )
        yield GaugeMetricFamily(
            "mingdu_inbox_frames", "Answers of terminals stored in the inbox", value=frames_stored(SYSTEM)
        )


@dataclass(frozen=True)
class BeatFigures(Collector):
    """What processes without a port have counted, as their latest beats say; a silent one tells nothing."""

    environment: Environment
    now: datetime

    def collect(self) -> Iterable[Metric]:
        """Read the beats."""
        headend = GaugeMetricFamily("mingdu_headend", HEADEND_WORDS, labels=("count",))
        for name, count in counts_of(self.environment, "headend", self.now).items():
            headend.add_metric((name,), count)
        yield headend
        worker = GaugeMetricFamily("mingdu_worker_failures", WORKER_WORDS, labels=("work",))
        for name, count in counts_of(self.environment, "worker", self.now).items():
            worker.add_metric((name,), count)
        yield worker


def database_answers() -> bool:
    """Tell whether the database answers a query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return True
    except OperationalError:
        return False
