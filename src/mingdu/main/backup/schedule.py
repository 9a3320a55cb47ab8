"""Backups by the clock: what is due is done by one process, whoever else finds it due at the same time."""

from __future__ import annotations

import json
from datetime import datetime, tzinfo

from mingdu.errors import TradeError
from mingdu.main.clock import Clock
from mingdu.main.environment import Environment

from .late_files import fetch_late_files
from .log import Log, fetch_log
from .manifest import BadManifest, manifests
from .rules import FULL, VERIFY, Done, backup_rules, due_run
from .run import BEGUN, BackupRunning, Tell, back_up_alone
from .source import RUN_LOCK, is_locked, source_of
from .target import Target, began_at, target_of, write_json
from .verify import latest_proof, verify

LOG = "log"

Failure = dict[str, str]


class BackupsGone(TradeError):
    """There were backups, and the folder holds none."""

    next_step = "mount the disk of MINGDU_BACKUP; if it is lost, begin anew: mingdu backup --full"


def is_under_way(environment: Environment) -> bool:
    """Tell whether backups run by the clock: from the first one on, whose maker keeps the key."""
    return (environment.data_folder / BEGUN).exists()


def done_of(target: Target) -> Done:
    """Return when each kind was done last; a proof that cannot be read is none."""
    latest = {each.kind: began_at(each.name) for each in manifests(target)}
    try:
        proof = latest_proof(target)
    except BadManifest:
        proof = None
    return Done(**latest, verify=proof.proven_at if proof else None)


def do_due(environment: Environment, zone: tzinfo, tell: Tell) -> str | None:
    """
    Do the one thing that is due, if nobody else is at it; returns what was done.

    raises  BackupRunning and those of `back_up` and `verify`
    """
    target, source = target_of(environment), source_of(environment)
    with source.connected() as guard:
        if not is_locked(guard, RUN_LOCK):
            raise BackupRunning(f"a backup of {source.database} is running", database=source.database)
        # Asked only now, under the lock: whoever held it before may have done it.
        now = Clock().now()
        due = due_run(backup_rules(), done_of(target), now.astimezone(zone))
        if due == VERIFY:
            verify(environment, target, now, tell)
        elif due is not None:
            back_up_alone(environment, source, guard, None, due == FULL, tell)
        if due is not None:
            target.failure.unlink(missing_ok=True)
    return due


def fetch_helping(environment: Environment, target: Target) -> Log:
    """Fetch the log and the files that came since the last time."""
    now = Clock().now()
    if not target.names():
        raise BackupsGone(f"{target.folder}: the backups are gone", folder=str(target.folder))
    log = fetch_log(source_of(environment), target)
    fetch_late_files(environment, target, log, now)
    failure = latest_failure(target)
    if failure is not None and failure["run"] == LOG:
        target.failure.unlink()
    return log


def keep_failure(target: Target, run: str, said: str, now: datetime) -> None:
    """Keep what failed, until a run does not."""
    write_json(target.failure, {"at": now.isoformat(), "run": run, "said": said[:2000]})


def latest_failure(target: Target) -> Failure | None:
    """Return what failed since the latest run that did not: at, run, said."""
    try:
        found = json.loads(target.failure.read_bytes())
        return {name: str(found[name]) for name in ("at", "run", "said")}
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None
