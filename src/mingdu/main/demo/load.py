"""Loads the town: register, history and the mistyped reading, each by its own door; once a data folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path

from django.conf import settings

from mingdu.base import ledger, outbox
from mingdu.base.actors import SYSTEM
from mingdu.base.queries import actor_by_login
from mingdu.main.environment import Environment
from mingdu.main.registry import load_registry, read_registry
from mingdu.main.registry_parts import register_parts
from mingdu.metering.operations import close_days, import_file
from mingdu.town.files import write_town
from mingdu.town.model import Town

from .people import STATION

Tell = Callable[[str], None]
# The last days come over the socket, so history ends before them.
SOCKET_DAYS = 3


def load_town(environment: Environment, tell: Tell, now: datetime) -> Town:
    """Build the town and load it; what a first, interrupted start has loaded is not loaded twice."""
    town = Town(environment.town_seed, environment.town_points)
    folder, done = environment.data_folder / "town", environment.data_folder / "town.loaded"
    if done.exists():
        return town
    tell(f"building the town: {town.points} usage points, seed {town.seed}")
    write_town(town, folder)
    _load_registry(folder, now)
    for path in sorted(folder.glob("registers-*.csv")) + sorted(folder.glob("curves-*.csv")):
        report = import_file(path, by=SYSTEM, at=now)
        tell(f"{path.name}: {report.accepted} accepted, {report.same} same, {len(report.bad)} bad")
    tell("closing the days of history")
    close_span(town.span.first_day, town.span.last_day - timedelta(days=SOCKET_DAYS), now)
    _type_reading(folder, town.span.last_day)
    outbox.deliver_all(now, most=1_000_000)
    done.write_text(now.isoformat())
    return town


def close_span(first: date, last: date, now: datetime) -> None:
    """Close days in this process, bucket by bucket."""
    run = close_days(first, last, by=SYSTEM, at=now)
    ledger.finish_run(run.pk, now)


def _load_registry(folder: Path, now: datetime) -> None:
    registry = read_registry(folder / "registry.json")
    registry["units"] = [{"unit": STATION[0], "name": STATION[1]}]
    register_parts()
    load_registry(registry, SYSTEM, now)


def _type_reading(folder: Path, last_day: date) -> None:
    """A colleague typed the silent meter's end register on the reading day, with two digits swapped."""
    engineer = actor_by_login("engineer")
    assert engineer is not None
    reading_day = datetime.combine(last_day + timedelta(days=1), time(17, 30), tzinfo=settings.ZONE)
    for path in sorted(folder.glob("typed-*.csv")):
        import_file(path, by=engineer, at=reading_day)
