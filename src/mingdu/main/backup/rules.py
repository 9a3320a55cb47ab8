"""Reads rules/backup.yaml: what is aimed at, when backups run, how many are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path

from mingdu.rulebook import find_rules_folder
from mingdu.rulebook.document import Node, read_yaml_file

SCHEMA = "mingdu/backup-rules/1"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FULL, INCREMENTAL, VERIFY = "full", "incremental", "verify"


@dataclass(frozen=True)
class Slot:
    """When something is due: at a time of day in the utility's zone, on the days of the week (0 Monday)."""

    at: time
    days: frozenset[int]

    def latest(self, now: datetime) -> datetime:
        """Return when it was due last."""
        days = (now.date() - timedelta(days=back) for back in range(9))
        instants = (datetime.combine(day, self.at, now.tzinfo) for day in days if day.weekday() in self.days)
        return next(instant for instant in instants if instant <= now)

    def next(self, now: datetime) -> datetime:
        """Return when it is due next."""
        days = (now.date() + timedelta(days=ahead) for ahead in range(9))
        instants = (datetime.combine(day, self.at, now.tzinfo) for day in days if day.weekday() in self.days)
        return next(instant for instant in instants if instant > now)


@dataclass(frozen=True)
class BackupRules:
    """
    The rules of backups.

    loss      the most that may be lost; recovery  the longest that a restore may take
    log_every how often the log is fetched
    retry     how long a failed run is let rest
    """

    loss: timedelta
    recovery: timedelta
    log_every: timedelta
    retry: timedelta
    keep_full: int
    slots: dict[str, Slot]


@dataclass(frozen=True)
class Done:
    """When each kind was done last; None: never."""

    full: datetime | None = None
    incremental: datetime | None = None
    verify: datetime | None = None


@cache
def backup_rules(folder: Path | None = None) -> BackupRules:
    """Return the rules; raises BadDocument."""
    document = read_yaml_file(find_rules_folder(folder) / "backup.yaml")
    document.only(("schema", "source", "verified", "valid_from", "aims", "log_every_minutes",
                   "retry_minutes", "keep_full", "runs"))  # fmt: skip
    document.at("schema").choice([SCHEMA])
    document.at("valid_from").day()
    aims = document.at("aims")
    return BackupRules(
        loss=_minutes(aims.at("loss_minutes")),
        recovery=_minutes(aims.at("recovery_minutes")),
        log_every=_minutes(document.at("log_every_minutes")),
        retry=_minutes(document.at("retry_minutes")),
        keep_full=_positive(document.at("keep_full")),
        slots={kind: _slot(document.at("runs").at(kind)) for kind in (FULL, INCREMENTAL, VERIFY)},
    )


def due_run(rules: BackupRules, done: Done, now: datetime) -> str | None:
    """
    Return what is due: "full", "incremental", "verify" or None.

    now  in the utility's zone. A full backup counts as the incremental one of its day, too.
    """
    if _is_due(rules, FULL, done.full, now):
        return FULL
    latest = max((each for each in (done.full, done.incremental) if each), default=None)
    if _is_due(rules, INCREMENTAL, latest, now):
        return INCREMENTAL
    return VERIFY if _is_due(rules, VERIFY, done.verify, now) else None


def next_run(rules: BackupRules, now: datetime) -> datetime:
    """Return when the next backup is due."""
    return min(rules.slots[kind].next(now) for kind in (FULL, INCREMENTAL))


def _is_due(rules: BackupRules, kind: str, done: datetime | None, now: datetime) -> bool:
    return done is None or done < rules.slots[kind].latest(now)


def _slot(node: Node) -> Slot:
    at = node.at("at")
    try:
        moment = time.fromisoformat(at.text())
    except ValueError:
        raise at.bad("a time of day like '02:30' is expected") from None
    days = frozenset(DAYS.index(day.choice(DAYS)) for day in node.at("days").items())
    if not days:
        raise node.bad("names no day", "days")
    return Slot(moment, days)


def _minutes(node: Node) -> timedelta:
    return timedelta(minutes=_positive(node))


def _positive(node: Node) -> int:
    found = node.whole()
    if found < 1:
        raise node.bad("a number above zero is expected")
    return found
