"""Backups by the clock: one process does what is due, a failure is told to people and to /health."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.test import Client, override_settings

from main.backup.yard import Yard, quiet
from mingdu.main.backup.duty import BackupDuty
from mingdu.main.backup.run import BackupRunning
from mingdu.main.backup.schedule import do_due, fetch_helping, is_under_way, keep_failure, latest_failure
from mingdu.main.backup.source import RUN_LOCK, is_locked, source_of
from mingdu.main.backup.state import board_of
from mingdu.main.beats import beat
from mingdu.main.clock import Clock
from mingdu.main.database import start, status, stop
from mingdu.main.health import health_of
from mingdu.work.models import Task

pytestmark = pytest.mark.database

ZONE = ZoneInfo("Asia/Shanghai")
OLD = "20260101T000000.000Z"
SECONDS = 60


def failing(name: str) -> tuple[str, ...]:
    said = json.dumps({"error": {"name": name, "message": "somebody writes"}})
    return ("sh", "-c", f"echo '{said}' >&2; exit 1")


@pytest.fixture(scope="module")
def old(yard: Yard) -> str:
    """The only backup is so old that a full one is due."""
    made = yard.manifest()
    folder = yard.target.backups / made.name
    content = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**content, "name": OLD}))
    folder.rename(folder.with_name(OLD))
    return OLD


@pytest.fixture
def duty(yard: Yard) -> BackupDuty:
    """A worker's duty that starts the real command for this data folder."""
    place = (f"MINGDU_DATA={yard.environment.data_folder}", f"MINGDU_BACKUP={yard.target.folder}")
    command = ("env", "-u", "DATABASE_URL", *place, sys.executable, "-m", "mingdu.main.cli", "backup", "due")
    return BackupDuty(yard.environment, ZONE, command)


@pytest.fixture
def untroubled(yard: Yard) -> Iterator[None]:
    yield
    yard.target.failure.unlink(missing_ok=True)


def test_does_nothing_before_the_first_backup(yard: Yard, duty: BackupDuty, now: datetime) -> None:
    assert not is_under_way(yard.environment)
    duty.act(now)
    assert not yard.target.logs.exists()
    board = board_of(yard.environment, Clock().now(), ZONE)
    assert (board.lines, board.loss, board.next_at, board.is_well) == ((), None, None, True)


def test_two_workers_that_find_a_backup_due_make_one(
    yard: Yard, duty: BackupDuty, now: datetime, old: str, database: str
) -> None:
    other = replace(duty)
    for each in (duty, other):
        each.act(now)
    for each in (duty, other):
        each.wait(SECONDS)
        each.act(now)
    names = yard.target.names()
    assert names[0] == old and len(names) == 2
    assert latest_failure(yard.target) is None and not Task.objects.exists()
    for each in (duty, other):
        each.wait(SECONDS)


def test_goes_on_with_the_log_while_a_run_is_under_way(
    yard: Yard, old: str, now: datetime, database: str
) -> None:
    slow = BackupDuty(yard.environment, ZONE, ("tail", "-f", "/dev/null"))
    _grow_old(yard)
    slow.act(now)
    before = board_of(yard.environment, Clock().now(), ZONE).log_until
    slow.act(now)
    after = board_of(yard.environment, Clock().now(), ZONE).log_until
    assert before is not None and after is not None and after > before
    assert slow._run is not None
    slow._run.kill()
    slow.wait(SECONDS)


@pytest.mark.usefixtures("untroubled", "database", "old")
@pytest.mark.parametrize(
    ("command", "said"),
    [
        (failing("DatabaseBusy"), "somebody writes"),
        (("sh", "-c", "kill -9 $$"), "ended with -9"),
        (("sh", "-c", "echo no JSON; exit 1"), "no JSON"),
    ],
)
def test_tells_a_failure_once_a_day_and_lets_it_rest(
    yard: Yard, now: datetime, command: tuple[str, ...], said: str
) -> None:
    duty = BackupDuty(yard.environment, ZONE, command)
    _grow_old(yard)
    duty.act(now)
    duty.wait(SECONDS)
    duty.act(now)
    failure = latest_failure(yard.target)
    assert failure is not None and failure["said"] == said
    task = Task.objects.get()
    assert (task.kind, task.owner_role, task.subject) == ("backup_failed", "administrator", "backups:full")
    assert duty._run is None, "it rests before it is tried again"
    keep_failure(yard.target, "full", said, Clock().now() - timedelta(hours=1))
    duty.act(now)
    duty.wait(SECONDS)
    duty.act(now)
    assert Task.objects.count() == 1


@pytest.mark.usefixtures("untroubled", "database", "old")
def test_another_worker_at_it_is_no_failure(yard: Yard, now: datetime) -> None:
    duty = BackupDuty(yard.environment, ZONE, failing("BackupRunning"))
    _grow_old(yard)
    duty.act(now)
    duty.wait(SECONDS)
    duty.act(now)
    assert latest_failure(yard.target) is None and not Task.objects.exists()
    duty.wait(SECONDS)


@pytest.mark.usefixtures("untroubled", "database", "old")
def test_tells_that_the_log_cannot_be_fetched_until_it_can(yard: Yard, now: datetime, tmp_path: Path) -> None:
    BackupDuty(replace(yard.environment, pg_bin=tmp_path), ZONE, ("true",)).act(now)
    failure = latest_failure(yard.target)
    assert failure is not None and failure["run"] == "log"
    assert Task.objects.get().subject == "backups:log"
    fetch_helping(yard.environment, yard.target)
    assert latest_failure(yard.target) is None


@pytest.mark.usefixtures("untroubled", "database", "old")
def test_tells_that_the_disk_of_the_backups_is_gone(yard: Yard, now: datetime) -> None:
    away = replace(yard.environment, backup_folder=yard.environment.data_folder / "not-mounted")
    BackupDuty(away, ZONE, ("true",)).act(now)
    board = board_of(away, Clock().now(), ZONE)
    assert board.failure is not None and "gone" in board.failure.said and not board.is_well
    assert Task.objects.get().subject == "backups:log"


@pytest.mark.usefixtures("untroubled", "database", "old")
def test_starts_no_database_that_somebody_has_stopped(yard: Yard, now: datetime) -> None:
    stop(yard.environment)
    BackupDuty(yard.environment, ZONE, ("true",)).act(now)
    assert not status(yard.environment).is_ready and latest_failure(yard.target) is None
    start(yard.environment)


@pytest.mark.usefixtures("untroubled", "database")
def test_health_is_degraded_but_serves_when_only_backups_fail(yard: Yard, old: str) -> None:
    fetch_helping(yard.environment, yard.target)
    real_now = Clock().now()
    for name in ("worker", "headend"):
        beat(yard.environment, name, real_now)
    today = datetime(2027, 1, 4, tzinfo=UTC).date()
    well = health_of(yard.environment, real_now, today)
    assert (well["status"], well["backup"]) == ("ok", "ok")
    late = health_of(yard.environment, real_now + timedelta(seconds=10), today)
    assert late["backup"] == "ok"
    keep_failure(yard.target, "full", "disk full", real_now)
    ill = health_of(yard.environment, real_now, today)
    assert (ill["status"], ill["backup"]) == ("degraded", "down")
    with override_settings(ENVIRONMENT=yard.environment):
        assert Client().get("/health").status_code == 200


def test_does_what_is_due_only_while_nobody_else_is_at_it(yard: Yard, old: str) -> None:
    with source_of(yard.environment).connected() as other:
        assert is_locked(other, RUN_LOCK)
        with pytest.raises(BackupRunning):
            do_due(yard.environment, ZONE, quiet)
    keep_failure(yard.target, "verify", "it was ill", Clock().now())
    _grow_old(yard)
    assert do_due(yard.environment, ZONE, quiet) == "full"
    assert latest_failure(yard.target) is None
    assert do_due(yard.environment, ZONE, quiet) == "verify"
    assert do_due(yard.environment, ZONE, quiet) is None
    board = board_of(yard.environment, Clock().now(), ZONE)
    assert board.proof is not None and not board.proof.differences and board.is_well
    assert board.next_at is not None and board.next_at > Clock().now()


def test_says_how_much_would_be_lost_now(yard: Yard, old: str) -> None:
    board = board_of(yard.environment, Clock().now() + timedelta(minutes=9), ZONE)
    assert board.is_late and not board.is_well and board.lines[-1].name == old


def _grow_old(yard: Yard) -> None:
    """Take away what is newer than the old one, so that a full backup is due; no run is at work."""
    for name in yard.target.names():
        if name != OLD:
            gone = yard.target.backups / f"{name}.partial"
            (yard.target.backups / name).rename(gone)
    yard.target.proof.unlink(missing_ok=True)
