"""A copied database brought to life beside the live one, and rolled forward to a place or an instant."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql

from mingdu.main.database.cluster import (
    LOG_LINES_SHOWN,
    LOOK_AGAIN_SECONDS,
    password_file,
    processes_in,
    shut_down,
)
from mingdu.main.database.places import PORT, Places, hand_over, make_private_folder, prepare_places
from mingdu.main.database.programs import ProgramFailed, Programs
from mingdu.main.database.tuning import configuration
from mingdu.main.environment import DependencyDown, kept_secret

from .log import lay_out
from .plan import Plan
from .source import FIRST_INCREMENTAL, ServerNotServed

# Rolling a day of log forward takes minutes; an hour is the most that is aimed at.
PATIENCE_SECONDS = 3600
TRUST = "# While it is recovered: whoever may enter the socket's private folder.\nlocal all all trust\n"
# The live server beside it keeps its memory.
SMALL = ("shared_buffers = 128MB", "hot_standby = on", "summarize_wal = off")
SIGNAL = "recovery.signal"
# While it is recovered these are ours; afterwards they are again as they were in the backup.
OWN_FILES, ASIDE = ("postgresql.conf", "pg_hba.conf", "pg_ident.conf"), ".as-it-was"


class RecoveryFailed(DependencyDown):
    """The restored database did not come to the instant."""

    next_step = "read the log lines; restore from another backup (--to an earlier instant)"


@dataclass(frozen=True)
class Recovery:
    """One restored database; places.making is its cluster until it is whole."""

    plan: Plan
    places: Places
    programs: Programs

    @property
    def cluster(self) -> Path:
        return self.places.making

    @property
    def staged(self) -> Path:
        """The log, unpacked, from which the server takes what it asks for."""
        return self.places.folder / "log.staged"


def build(recovery: Recovery) -> None:
    """
    Put the cluster together from the chain, and the log beside it; nothing runs yet.

    raises  BackupDamaged, ProgramFailed, ServerNotServed
    """
    plan, programs = recovery.plan, recovery.programs
    refuse_other_major(plan, programs)
    prepare_places(recovery.places, programs.user)
    for old in (recovery.cluster, recovery.staged):
        shutil.rmtree(old, ignore_errors=True)
    if programs.major_version >= FIRST_INCREMENTAL:
        chain = [str(folder) for folder in plan.folders]
        programs.run("pg_combinebackup", [*chain, "--output", str(recovery.cluster)])
    else:
        shutil.copytree(plan.folders[-1], recovery.cluster, symlinks=True)
    make_private_folder(recovery.staged, programs.user)
    lay_out(plan.segments, recovery.staged)
    for name in OWN_FILES:
        if (recovery.cluster / name).exists():
            (recovery.cluster / name).rename(recovery.cluster / f"{name}{ASIDE}")
    _hand_over_all(recovery)


def refuse_other_major(plan: Plan, programs: Programs) -> None:
    """Refuse programs of another major version than that of the data."""
    major = plan.backup.server_version // 10_000
    if programs.major_version != major:
        raise ServerNotServed(
            f"the backup is of PostgreSQL {major}, the programs here are {programs.major_version}",
            next_step=f"set MINGDU_PG_BIN to the bin folder of PostgreSQL {major}",
            server_version=major,
            program_version=programs.major_version,
        )


@contextmanager
def stopped_at_totals(recovery: Recovery) -> Iterator[psycopg.Connection]:
    """Roll forward to the place of the backup's totals and stop there; gives a connection that reads."""
    lsn = recovery.plan.backup.totals.lsn
    target = (
        f"recovery_target_lsn = '{lsn}'",
        "recovery_target_inclusive = off",
        "recovery_target_action = pause",
    )
    with _running(recovery, target):
        _wait(recovery, "SELECT pg_get_wal_replay_pause_state() = 'paused'")
        with _connected(recovery) as connection:
            yield connection


def roll_forward(recovery: Recovery) -> datetime | None:
    """
    Roll forward to the plan's instant, make the database writable, give it a new password, stop it.

    returns  when the latest change that is in it was committed; None: there was none after the backup
    raises   RecoveryFailed
    """
    instant = recovery.plan.to.astimezone(UTC).isoformat(sep=" ")
    target = (f"recovery_target_time = '{instant}'", "recovery_target_action = promote")
    with _running(recovery, target):
        _wait(recovery, "SELECT NOT pg_is_in_recovery()")
        with _connected(recovery) as connection:
            row = connection.execute("SELECT pg_last_xact_replay_timestamp()").fetchone()
            if recovery.plan.backup.role == "mingdu":
                _give_password(recovery, connection)
    shutil.rmtree(recovery.staged)
    for name in OWN_FILES:
        (recovery.cluster / name).unlink()
        if (recovery.cluster / f"{name}{ASIDE}").exists():
            (recovery.cluster / f"{name}{ASIDE}").rename(recovery.cluster / name)
    return row[0] if row is not None else None


def put_away(recovery: Recovery) -> None:
    """Remove a restored database that was only looked at."""
    for folder in (recovery.places.data_folder, recovery.places.socket_folder):
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(recovery: Recovery, target: tuple[str, ...]) -> Iterator[None]:
    _configure(recovery, target)
    log = recovery.places.log
    start = ["start", "-D", str(recovery.cluster), "-l", str(log), "-w", "-t", str(PATIENCE_SECONDS)]
    try:
        recovery.programs.run("pg_ctl", start)
    except ProgramFailed as cause:
        raise _failed(recovery) from cause
    try:
        yield
    finally:
        if processes_in(recovery.cluster):
            shut_down(recovery.cluster, recovery.programs)


def _configure(recovery: Recovery, target: tuple[str, ...]) -> None:
    cluster, programs, backup = recovery.cluster, recovery.programs, recovery.plan.backup
    settings = [
        line for line in SMALL if programs.major_version >= FIRST_INCREMENTAL or "summarize" not in line
    ]
    settings += [f"{name} = {value}" for name, value in backup.settings.items()]
    settings += [
        f'restore_command = \'cp "{recovery.staged}/%f" "%p"\'',
        "recovery_target_timeline = current",
    ]
    text = configuration(recovery.places.socket_folder, programs.major_version)
    files = {
        "postgresql.conf": text + "\n".join((*settings, *target)) + "\n",
        "pg_hba.conf": TRUST,
        "pg_ident.conf": "",
        SIGNAL: "",
    }
    for name, content in files.items():
        (cluster / name).write_text(content)
        hand_over(cluster / name, programs.user)


def _wait(recovery: Recovery, question: str) -> None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up_at and processes_in(recovery.cluster):
        try:
            with _connected(recovery) as connection:
                row = connection.execute(question).fetchone()
            if row is not None and row[0]:
                return
        except psycopg.OperationalError:
            # It ends when it does not find the instant, and then no process is left.
            pass
        time.sleep(LOOK_AGAIN_SECONDS)
    raise _failed(recovery)


@contextmanager
def _connected(recovery: Recovery) -> Iterator[psycopg.Connection]:
    backup = recovery.plan.backup
    with psycopg.connect(
        host=str(recovery.places.socket_folder),
        port=PORT,
        dbname=backup.database,
        user=backup.role,
        autocommit=True,
    ) as connection:
        yield connection


def _give_password(recovery: Recovery, connection: psycopg.Connection) -> None:
    path = password_file(recovery.cluster)
    path.unlink(missing_ok=True)
    password = kept_secret(path)
    hand_over(path, recovery.programs.user)
    # Only its verifier goes to the server, so that no log of statements can hold the password.
    verifier = connection.pgconn.encrypt_password(password.encode(), b"mingdu", b"scram-sha-256").decode()
    connection.execute(sql.SQL("ALTER ROLE mingdu PASSWORD {}").format(sql.Literal(verifier)))


def _hand_over_all(recovery: Recovery) -> None:
    user = recovery.programs.user
    if user is None:
        return
    for folder in (recovery.cluster, recovery.staged):
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.uid, user.gid, follow_symlinks=False)


def _failed(recovery: Recovery) -> RecoveryFailed:
    log = recovery.places.log
    lines = log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN * 2 :] if log.exists() else []
    return RecoveryFailed(
        f"backup {recovery.plan.backup.name} did not come to {recovery.plan.to.isoformat()}",
        log=lines,
    )
