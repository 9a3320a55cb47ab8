"""Health and metrics of the running system; worker and head end report by beats in the data folder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

from django.conf import settings
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from mingdu.base.actors import SYSTEM
from mingdu.base.outbox import waiting
from mingdu.metering.queries.network import frames_stored, terminals

from .beats import beats
from .clock import Clock, clock_of
from .environment import Environment

# Processes that must beat; each does so every few seconds.
BEATING = ("worker", "headend")
OK, DOWN = "ok", "down"


def health_of(environment: Environment, now: datetime) -> dict[str, str]:
    """Return what /health says: each part "ok" or "down", and the status of the whole."""
    parts = {"database": OK if database_answers() else DOWN}
    parts |= {name: OK if beats(environment, name, now) else DOWN for name in BEATING}
    whole = OK if set(parts.values()) == {OK} else DOWN
    return {"status": whole, **parts, "version": version("mingdu")}


def health(request: HttpRequest) -> HttpResponse:
    """Answer 200 when every part lives, else 503."""
    found = health_of(settings.ENVIRONMENT, Clock().now())
    return JsonResponse(found, status=200 if found["status"] == OK else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer in the text format of Prometheus: this process's own counts, and what the database holds now."""
    stored = CollectorRegistry(auto_describe=False)
    stored.register(StoredFigures(clock_of(settings.ENVIRONMENT).now()))
    text = generate_latest(REGISTRY) + generate_latest(stored)
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
        yield GaugeMetricFamily(
            "mingdu_terminals_online",
            "Terminals connected now, of the first 1,000 by address",
            value=sum(terminal.is_online for terminal in terminals(SYSTEM)),
        )
        yield GaugeMetricFamily(
            "mingdu_inbox_frames", "Answers of terminals stored in the inbox", value=frames_stored(SYSTEM)
        )


def database_answers() -> bool:
    """Tell whether the database answers a query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return True
    except OperationalError:
        return False
