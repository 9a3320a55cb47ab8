"""One database cluster on disk and the server process that works in it."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import psutil

from mingdu.errors import TradeError
from mingdu.main.database.places import Places, hand_over
from mingdu.main.database.programs import ProgramFailed, Programs
from mingdu.main.database.tuning import ACCESS, configuration
from mingdu.main.environment import DependencyDown, kept_secret

PATIENCE_SECONDS = 300
"""Recovery after a crash replays up to max_wal_size of log; that takes minutes, not seconds."""
LOOK_AGAIN_SECONDS = 0.05
LOG_BYTES_MAX = 16 * 1024 * 1024
LOG_LINES_SHOWN = 5
PID_FILE = "postmaster.pid"
PASSWORD = "mingdu_password"
RIGHTS = "mingdu_rights"
"""Says which of the rights below the cluster's role has been given."""
RIGHTS_NOW = "replication"
STATUS_LINE = 7
"""Line of the pid file (from 0) in which the server says: starting, ready, stopping."""


class DatabaseDown(DependencyDown):
    """The database does not serve."""

    next_step = "start it: mingdu db start"


class WrongMajorVersion(TradeError):
    """The data were written by another major version of PostgreSQL than the programs speak."""


def make_cluster(folder: Path, programs: Programs) -> None:
    """
    Make a cluster with the role and the database `mingdu`, complete, without starting a server.

    The superuser has no password and no way in over the socket: whoever breaks into the
    application's role does not own the machine's user. Order is by code point (C), which no
    system update changes; characters are classed by C.UTF-8, so that letters beyond ASCII are letters.

    raises  ProgramFailed
    """
    shutil.rmtree(folder, ignore_errors=True)
    locale = ["--encoding=UTF8", "--locale=C", "--lc-ctype=C.UTF-8"]
    access = ["--username=postgres", "--auth-local=reject", "--auth-host=reject"]
    programs.run("initdb", ["-D", str(folder), "--data-checksums", "--no-instructions", *locale, *access])
    password = kept_secret(password_file(folder))
    hand_over(password_file(folder), programs.user)
    statements = (
        f"CREATE ROLE mingdu LOGIN CREATEDB REPLICATION PASSWORD '{password}'\n"
        "CREATE DATABASE mingdu OWNER mingdu\n"
        "REVOKE CONNECT, TEMPORARY ON DATABASE mingdu FROM PUBLIC\n"
    )
    _say_alone(folder, programs, statements)
    _note_rights(folder, programs)


def password_file(cluster: Path) -> Path:
    """Return where a cluster keeps the password of the role `mingdu`, 0600."""
    return cluster / PASSWORD


def data_version(cluster: Path) -> int:
    """Return the major version that wrote these data."""
    return int((cluster / "PG_VERSION").read_text())


def refuse_other_version(cluster: Path, programs: Programs) -> None:
    """Refuse data of another major version, with the command that helps."""
    data, spoken = data_version(cluster), programs.major_version
    if data == spoken:
        return
    upgrade = f"MINGDU_PG_BIN=<bin folder of PostgreSQL {data}> mingdu db upgrade"
    use_newer = f"set MINGDU_PG_BIN to the bin folder of PostgreSQL {data}, or unset it"
    raise WrongMajorVersion(
        f"{cluster}: data of PostgreSQL {data}, programs of PostgreSQL {spoken} in {programs.folder}",
        next_step=upgrade if data < spoken else use_newer,
        data_version=data,
        program_version=spoken,
    )


def bring_up(places: Places, cluster: Path, programs: Programs, patience_seconds: float) -> int:
    """
    Return the process id of a server that answers, launched if none runs.

    Waits through recovery, through a server that is just stopping, and through the last
    processes of one that was killed.

    raises  DatabaseDown
    """

    give_up_at = time.monotonic() + patience_seconds
    while time.monotonic() < give_up_at:
        if not processes_in(cluster):
            _launch(places, cluster, programs, patience_seconds)
        pid = server_pid(cluster)
        if pid is not None and server_status(cluster) == "ready":
            return pid
        time.sleep(LOOK_AGAIN_SECONDS)
    raise _down(
        f"{cluster}: no answer within {patience_seconds:g} s; processes {processes_in(cluster)}", places.log
    )


def shut_down(cluster: Path, programs: Programs) -> None:
    """
    Stop the server of a cluster: open transactions are rolled back, everything is on disk.

    Returns when no process of it is left; pg_ctl already returns when the pid file is gone.
    """
    programs.run("pg_ctl", ["stop", "-D", str(cluster), "-m", "fast", "-w", "-t", str(PATIENCE_SECONDS)])
    while processes_in(cluster):
        time.sleep(LOOK_AGAIN_SECONDS)


def server_pid(cluster: Path) -> int | None:
    """
    Return the process id of this cluster's live server, else None.

    The pid file alone proves nothing: after a crash its number may name a dead process or a
    stranger. A server works inside its cluster's folder, and a stranger does not.
    """
    first = _pid_file_lines(cluster)[:1]
    pid = int(first[0]) if first and first[0].isdigit() else 0
    return pid if pid > 0 and _works_in(pid, cluster.resolve()) else None


def server_status(cluster: Path) -> str:
    """Return what the server says of itself: starting, ready, stopping; empty if it says nothing."""
    lines = _pid_file_lines(cluster)
    return lines[STATUS_LINE] if len(lines) > STATUS_LINE else ""


def processes_in(cluster: Path) -> list[int]:
    """Return every process that works inside a cluster; those of a killed server end by themselves."""
    folder = cluster.resolve()
    return [pid for pid in psutil.pids() if _works_in(pid, folder)]


def _say_alone(cluster: Path, programs: Programs, statements: str) -> None:
    """Let the superuser say something to a cluster that no server works in."""
    options = ["--single", "-D", str(cluster), "-c", "exit_on_error=on", "-c", "log_statement=none"]
    programs.run("postgres", [*options, "postgres"], text=statements)


def _give_rights(cluster: Path, programs: Programs) -> None:
    # Clusters made before backups were made over a connection lack the right to copy the server.
    if not (cluster / RIGHTS).exists():
        _say_alone(cluster, programs, "ALTER ROLE mingdu REPLICATION\n")
        _note_rights(cluster, programs)


def _note_rights(cluster: Path, programs: Programs) -> None:
    (cluster / RIGHTS).write_text(RIGHTS_NOW)
    hand_over(cluster / RIGHTS, programs.user)


def _pid_file_lines(cluster: Path) -> list[str]:
    try:
        text = (cluster / PID_FILE).read_text()
    except FileNotFoundError:
        return []
    return [line.strip() for line in text.splitlines()]


def _works_in(pid: int, folder: Path) -> bool:
    try:
        process = psutil.Process(pid)
        return process.name() == "postgres" and process.cwd() == str(folder)
    except psutil.Error:
        # Gone, a zombie, or of another user: in each case not a server of ours.
        return False


def _launch(places: Places, cluster: Path, programs: Programs, patience_seconds: float) -> None:
    # The caller has seen that no process works in this cluster, so a pid file is a dead letter, here and
    # beside the socket. PostgreSQL itself would believe it when the number has passed to a stranger, or
    # when nobody has collected the dead process yet.
    (cluster / PID_FILE).unlink(missing_ok=True)
    places.socket_lock.unlink(missing_ok=True)
    settings = configuration(places.socket_folder, programs.major_version)
    for name, text in (("postgresql.conf", settings), ("pg_hba.conf", ACCESS)):
        (cluster / name).write_text(text)
        hand_over(cluster / name, programs.user)
    _turn_log(places.log)
    patience = ["-w", "-t", str(max(1, int(patience_seconds)))]
    try:
        _give_rights(cluster, programs)
        programs.run("pg_ctl", ["start", "-D", str(cluster), "-l", str(places.log), *patience])
    except ProgramFailed as cause:
        raise _down(f"{cluster}: the server did not start", places.log) from cause


def _turn_log(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(log.with_suffix(".log.1"))


def _down(message: str, log: Path) -> DatabaseDown:
    lines = log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:] if log.exists() else []
    return DatabaseDown(
        message,
        next_step=f"read {log}, mend what it names, then: mingdu db start",
        log=lines,
    )
