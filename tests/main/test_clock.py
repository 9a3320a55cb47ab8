"""Demo time begins at a chosen instant, runs at real speed, and is the same for every process."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from django.http import HttpRequest, HttpResponse

from mingdu.main.clock import Clock, clock_of, set_demo_clock
from mingdu.main.environment import Environment
from mingdu.main.request import NowMiddleware

START = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
# More than any of these tests takes, and far less than the shifts that they look for.
A_MOMENT = timedelta(minutes=2)


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(checkout=tmp_path, data_folder=tmp_path / "data")


def test_without_demo_the_clock_is_the_real_one(environment: Environment) -> None:
    before = datetime.now(UTC)
    now = clock_of(environment).now()
    assert before <= now <= before + A_MOMENT
    assert now.tzinfo == UTC


def test_demo_time_begins_at_its_start_and_runs(environment: Environment) -> None:
    clock = set_demo_clock(environment, START)
    first, second = clock.now(), clock.now()
    assert START <= first <= second <= START + A_MOMENT


def test_a_second_start_goes_on_where_time_has_come_to(environment: Environment) -> None:
    clock = set_demo_clock(environment, START)
    assert set_demo_clock(environment, START + timedelta(days=30)) == clock
    assert clock_of(environment) == clock


def test_demo_time_begins_in_any_zone(environment: Environment) -> None:
    set_demo_clock(environment, datetime.fromisoformat("2027-01-04T09:00:00+08:00"))
    kept = json.loads((environment.data_folder / "clock.json").read_text())
    assert kept["began"] == "2027-01-04T09:00:00+08:00"
    assert START <= clock_of(environment).now() <= START + A_MOMENT


def test_processes_that_begin_at_once_agree(environment: Environment) -> None:
    begin = Barrier(8)

    def set_clock(day: int) -> Clock:
        begin.wait(timeout=30)
        return set_demo_clock(environment, START + timedelta(days=day))

    with ThreadPoolExecutor(8) as threads:
        clocks = set(threads.map(set_clock, range(8)))
    assert clocks == {clock_of(environment)}
    assert [path.name for path in environment.data_folder.iterdir()] == ["clock.json"]


def test_every_request_carries_the_present_instant() -> None:
    seen: list[datetime] = []

    def answer(request: HttpRequest) -> HttpResponse:
        seen.append(request.now)  # type: ignore[attr-defined]
        return HttpResponse("seen")

    before = datetime.now(UTC)
    assert NowMiddleware(answer)(HttpRequest()).content == b"seen"
    assert before <= seen[0] <= before + A_MOMENT
