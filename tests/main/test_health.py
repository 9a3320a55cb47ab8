"""Health tells which part is down; metrics give real figures only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client, override_settings

from mingdu.main.beats import LONGEST_SILENCE, beat, counts_of
from mingdu.main.clock import Clock, set_demo_clock
from mingdu.main.environment import Environment, current_environment
from mingdu.main.health import StoredFigures, health_of

REAL_NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
TODAY = date(2027, 1, 4)


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return replace(current_environment(), data_folder=tmp_path)


@pytest.mark.database
def test_is_ok_when_every_part_lives(database: str, environment: Environment) -> None:
    beat(environment, "worker", REAL_NOW - timedelta(seconds=3))
    beat(environment, "headend", REAL_NOW - LONGEST_SILENCE)
    assert health_of(environment, REAL_NOW, TODAY) == {
        "status": "ok", "database": "ok", "worker": "ok", "headend": "ok", "storage": "ok",
        "version": version("mingdu"),
    }  # fmt: skip


@pytest.mark.database
@pytest.mark.parametrize("silence", [LONGEST_SILENCE + timedelta(seconds=1), timedelta(days=-40)])
def test_a_part_is_down_when_it_is_silent_or_beats_by_another_clock(
    database: str, environment: Environment, silence: timedelta
) -> None:
    beat(environment, "worker", REAL_NOW)
    beat(environment, "headend", REAL_NOW - silence)
    found = health_of(environment, REAL_NOW, TODAY)
    assert (found["status"], found["worker"], found["headend"]) == ("down", "ok", "down")


@pytest.mark.database
def test_a_later_beat_replaces_the_one_before(database: str, environment: Environment) -> None:
    beat(environment, "worker", REAL_NOW - timedelta(days=1))
    beat(environment, "worker", REAL_NOW)
    assert health_of(environment, REAL_NOW, TODAY)["worker"] == "ok"
    assert [path.name for path in (environment.data_folder / "beats").iterdir()] == ["worker.json"]


@pytest.mark.database
def test_answers_503_over_http_when_parts_are_absent(database: str, environment: Environment) -> None:
    set_demo_clock(environment, datetime(2027, 1, 4, tzinfo=UTC))
    with override_settings(ENVIRONMENT=environment):
        answer = Client().get("/health")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "down", "database": "ok", "worker": "down", "headend": "down", "storage": "ok",
        "version": version("mingdu"),
    }  # fmt: skip


@pytest.mark.database
@pytest.mark.parametrize(
    ("today", "storage", "status"),
    # The shortest table is laid out to the end of April 2027.
    [(date(2027, 3, 31), "ok", "ok"), (date(2027, 4, 1), "down", "down"), (date(2027, 6, 1), "down", "down")],
)
def test_less_than_a_month_of_storage_is_down(
    today: date, storage: str, status: str, database: str, environment: Environment
) -> None:
    for name in ("worker", "headend"):
        beat(environment, name, REAL_NOW)
    found = health_of(environment, REAL_NOW, today)
    assert (found["storage"], found["status"]) == (storage, status)


def test_a_beat_carries_what_was_counted_until_it_grows_silent(environment: Environment) -> None:
    beat(environment, "headend", REAL_NOW, {"sessions": 12, "database_up": True})
    assert counts_of(environment, "headend", REAL_NOW) == {"sessions": 12, "database_up": 1}
    assert counts_of(environment, "headend", REAL_NOW + LONGEST_SILENCE + timedelta(seconds=1)) == {}
    assert counts_of(environment, "worker", REAL_NOW) == {}


@pytest.mark.database
def test_metrics_show_what_head_end_and_worker_counted(database: str, environment: Environment) -> None:
    counts = {"sessions": 12, "frames": 1804, "quarantined": 1, "stored": 1700, "given_up": 3}
    beat(environment, "headend", Clock().now(), counts)
    beat(environment, "worker", Clock().now(), {"event": 2})
    with override_settings(ENVIRONMENT=environment):
        text = Client().get("/metrics").content.decode()
    for name, count in counts.items():
        assert f'mingdu_headend{{count="{name}"}} {float(count)}' in text
    assert 'mingdu_worker_failures{work="event"} 2.0' in text
    assert "mingdu_outbox_stuck 0.0" in text and "mingdu_buckets_stuck 0.0" in text


@pytest.fixture
def lost_database(database: str) -> Iterator[None]:
    from django.db import connection

    connection.close()
    kept = dict(connection.settings_dict)
    connection.settings_dict.update(HOST="/nowhere")
    yield
    connection.close()
    connection.settings_dict.update(kept)


@pytest.mark.database
def test_says_that_the_database_is_down(lost_database: None, environment: Environment) -> None:
    found = health_of(environment, REAL_NOW, TODAY)
    assert (found["status"], found["database"], found["storage"]) == ("down", "down", "down")


@pytest.mark.database
def test_counts_nothing_when_the_database_is_down(lost_database: None, now: datetime) -> None:
    assert [metric.name for metric in StoredFigures(now).collect()] == ["mingdu_database_up"]


@dataclass(frozen=True)
class NoticeOrdered:
    """An event for this test."""

    word: str


@pytest.mark.database
def test_metrics_count_what_waits_and_what_was_answered(database: str, now: datetime) -> None:
    from mingdu.base import outbox

    outbox.subscribe(NoticeOrdered, "test_health", _keep)
    outbox.publish_all([NoticeOrdered("one"), NoticeOrdered("two")], at=datetime(2020, 1, 1, tzinfo=UTC))
    client = Client()
    client.get("/api/v1/accounts/0530100042")
    text = client.get("/metrics").content.decode()
    assert "mingdu_database_up 1.0" in text
    assert "mingdu_outbox_waiting 2.0" in text
    assert "mingdu_terminals_online 0.0" in text and "mingdu_inbox_frames 0.0" in text
    assert "0530100042" not in text
    assert 'mingdu_http_answers_total{method="GET",route="api/v1/accounts/<number>",status="401"}' in text


def _keep(event: dict[str, object], now: datetime) -> None:
    assert event and now


def test_looks_where_the_environment_says() -> None:
    assert settings.ENVIRONMENT.data_folder == current_environment().data_folder
