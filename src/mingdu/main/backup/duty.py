"""The worker's part: it fetches the log, and starts a process for a backup or a proof that is due."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

import structlog

from mingdu.base.actors import SYSTEM
from mingdu.base.roles import Role
from mingdu.errors import TradeError
from mingdu.main.clock import Clock
from mingdu.main.database import status
from mingdu.main.environment import Environment
from mingdu.work.operations import TaskOrder, open_task

from .manifest import instant
from .rules import backup_rules, due_run
from .run import BackupRunning
from .schedule import LOG, done_of, fetch_helping, is_under_way, keep_failure, latest_failure
from .target import Target, target_of

COMMAND = (sys.executable, "-m", "mingdu.main.cli", "backup", "due")
TASK = "backup_failed"

log = structlog.get_logger()


@dataclass
class BackupDuty:
    """
    What one worker does for the backups, from the first backup on.

    command  what does the run that is due; it takes hours on a large database, and the worker goes on
    """

    environment: Environment
    zone: tzinfo
    command: tuple[str, ...] = COMMAND
    _run: subprocess.Popen[bytes] | None = None
    _due: str = ""

    def act(self, now: datetime) -> None:
        """Fetch the log, look after the run that is under way, begin what is due; `now` may be the demo's."""
        # A database that somebody has stopped is not started by its backup.
        if not is_under_way(self.environment) or not status(self.environment).is_ready:
            return
        target = target_of(self.environment)
        try:
            fetch_helping(self.environment, target)
        except (TradeError, OSError) as error:
            self._tell(target, LOG, str(error), now)
            return
        self._look_after(target, now)
        real_now = Clock().now()
        due = due_run(backup_rules(), done_of(target), real_now.astimezone(self.zone))
        if due is not None and self._run is None and not _rests(target, real_now):
            self._begin(due)

    def wait(self, seconds: float) -> None:
        """Wait for the run that is under way."""
        if self._run is not None:
            self._run.wait(seconds)

    def _begin(self, due: str) -> None:
        # What it says is one line, which the pipe holds until it has ended.
        self._run = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._due = due
        log.info("backup begun", run=due)

    def _look_after(self, target: Target, now: datetime) -> None:
        if self._run is None or self._run.poll() is None:
            return
        code, text = self._run.returncode, self._run.communicate()[0].decode(errors="replace").strip()
        self._run = None
        if code == 0:
            log.info("backup done", run=self._due)
            return
        name, said = _error(text)
        if name != BackupRunning.__name__:
            self._tell(target, self._due, said or f"ended with {code}", now)

    def _tell(self, target: Target, run: str, said: str, now: datetime) -> None:
        log.error("backup failed", run=run, said=said)
        real_now = Clock().now()
        keep_failure(target, run, said, real_now)
        order = TaskOrder(
            kind=TASK,
            # One a kind of run and day, however often it is tried.
            key=f"{TASK}:{run}:{real_now.astimezone(self.zone):%Y-%m-%d}",
            subject=f"backups:{run}",
            owner_role=Role.ADMINISTRATOR,
            details={"said": said[:500]},
        )
        open_task(order, by=SYSTEM, at=now)


def _rests(target: Target, now: datetime) -> bool:
    failure = latest_failure(target)
    return failure is not None and failure["run"] != LOG and now < _try_again_at(failure)


def _try_again_at(failure: dict[str, str]) -> datetime:
    at: datetime = instant(failure["at"])
    rest: timedelta = backup_rules().retry
    return at + rest


def _error(text: str) -> tuple[str, str]:
    """Return (name, message) of the error that a command printed last."""
    latest = text.splitlines()[-1] if text else ""
    try:
        error = json.loads(latest)["error"]
        return str(error["name"]), str(error["message"])
    except (ValueError, TypeError, KeyError):
        return "", latest
