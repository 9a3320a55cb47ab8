"""A town's registry brings its own calendar into an empty data folder; any other leaves the clock alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mingdu.main.cli.town_clock import clock_for
from mingdu.main.clock import Clock, clock_of
from mingdu.main.environment import Environment, current_environment
from mingdu.rulebook.document import BadDocument

ZONE = ZoneInfo("Asia/Shanghai")
# A town that is never over, whenever the test runs.
FUTURE = {"town": {"last_day": "2998-12-31"}}
BEGIN = datetime(2999, 1, 4, 1, 0, tzinfo=UTC)


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return replace(current_environment(), data_folder=tmp_path, demo_now=None)


def is_near(clock: Clock, instant: datetime) -> bool:
    return timedelta(0) <= clock.now() - instant < timedelta(minutes=5)


def test_a_town_that_is_not_over_begins_demo_time_after_its_last_day(environment: Environment) -> None:
    clock = clock_for(environment, FUTURE, ZONE)
    assert is_near(clock, BEGIN)
    assert clock_of(environment) == clock
    assert clock_for(environment, {"town": {"last_day": "2997-12-31"}}, ZONE) == clock


def test_the_surroundings_may_name_the_hour(environment: Environment) -> None:
    asked = datetime(2999, 5, 1, tzinfo=UTC)
    assert is_near(clock_for(replace(environment, demo_now=asked), FUTURE, ZONE), asked)


@pytest.mark.parametrize("registry", [{}, {"town": None}, {"town": {"last_day": "2020-01-01"}}])
def test_any_other_registry_leaves_the_clock_alone(
    environment: Environment, registry: dict[str, Any]
) -> None:
    assert clock_for(environment, registry, ZONE) == Clock()
    assert list(environment.data_folder.iterdir()) == []


def test_refuses_a_town_that_does_not_say_its_last_day(environment: Environment) -> None:
    with pytest.raises(BadDocument) as refusal:
        clock_for(environment, {"town": {}}, ZONE)
    assert refusal.value.values["key"] == "town.last_day"
