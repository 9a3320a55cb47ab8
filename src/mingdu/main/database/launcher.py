"""Start, stop and look at the database: the one that Mingdu keeps, or the one of DATABASE_URL."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import psycopg

from mingdu.errors import TradeError
from mingdu.main.database.cluster import (
    PATIENCE_SECONDS,
    DatabaseDown,
    bring_up,
    data_version,
    make_cluster,
    password_file,
    refuse_other_version,
    server_pid,
    server_status,
    shut_down,
)
from mingdu.main.database.places import (
    PORT,
    Places,
    held,
    move_durably,
    places_of,
    prepare_places,
    refuse_unreachable,
)
from mingdu.main.database.programs import Programs, find_programs
from mingdu.main.environment import Environment

CONNECT_SECONDS = 10


class NoDatabaseYet(TradeError):
    """The data folder holds no database."""

    next_step = "make and start one: mingdu db start"


class ForeignServer(TradeError):
    """DATABASE_URL names a server that others keep; the launcher neither stops nor upgrades it."""

    next_step = "ask who keeps that server, or unset DATABASE_URL to use the one that Mingdu keeps"


@dataclass(frozen=True)
class Server:
    """
    A database that answers.

    url  libpq URL with password; pid  its main process, None for a server of others
    """

    url: str = field(repr=False)
    data_folder: Path
    pid: int | None


@dataclass(frozen=True)
class Status:
    """
    What is known of the database without changing anything.

    is_ready      it takes connections
    pid           its main process, None when it does not run or is kept by others
    data_version  major version of the data, None when there are none here
    """

    is_ready: bool
    is_foreign: bool
    pid: int | None
    data_version: int | None
    data_folder: Path


def start(environment: Environment, *, patience_seconds: float = PATIENCE_SECONDS) -> Server:
    """
    Return a database that answers: found running, started, or made and started.

    Two starts at once take turns. The server outlives this process.

    raises  DatabaseDown, WrongMajorVersion, ProgramsMissing, ProgramFailed, NoSystemUser,
            DataFolderUnreachable, FolderTaken
    """
    if environment.database_url is not None:
        _try_foreign(environment.database_url)
        return Server(environment.database_url, environment.data_folder, None)
    places = places_of(environment)
    programs = find_programs(environment.pg_bin)
    refuse_unreachable(places.data_folder, programs.user, environment.checkout)
    with held(places.lock):
        prepare_places(places, programs.user)
        take_place(places)
        if not places.cluster.exists():
            make_cluster(places.making, programs)
            move_durably(places.making, places.cluster)
        refuse_other_version(places.cluster, programs)
        pid = bring_up(places, places.cluster, programs, patience_seconds)
    return Server(url(environment), environment.data_folder, pid)


def stop(environment: Environment) -> bool:
    """
    Stop the database; tell whether there was one to stop.

    raises  ForeignServer, ProgramFailed
    """
    refuse_foreign(environment, "stopped")
    places = places_of(environment)
    if not places.cluster.exists():
        return False
    with held(places.lock):
        return halt(places, find_programs(environment.pg_bin))


def halt(places: Places, programs: Programs) -> bool:
    """Stop the server in these places, if one runs; the caller holds the lock."""
    if server_pid(places.cluster) is None:
        return False
    shut_down(places.cluster, programs)
    shutil.rmtree(places.socket_folder, ignore_errors=True)
    return True


def status(environment: Environment) -> Status:
    """Tell how the database does; starts, makes and waits for nothing."""
    if environment.database_url is not None:
        is_ready = _answer_of(environment.database_url) is None
        return Status(is_ready, True, None, None, environment.data_folder)
    cluster = places_of(environment).cluster
    if not cluster.exists():
        return Status(False, False, None, None, environment.data_folder)
    pid = server_pid(cluster)
    is_ready = pid is not None and server_status(cluster) == "ready"
    return Status(is_ready, False, pid, data_version(cluster), environment.data_folder)


def url(environment: Environment) -> str:
    """
    Return the libpq URL of the database, whether or not it runs.

    raises  NoDatabaseYet
    """
    if environment.database_url is not None:
        return environment.database_url
    places = places_of(environment)
    if not password_file(places.cluster).exists():
        raise NoDatabaseYet(f"{places.data_folder}: no database here", data_folder=str(places.data_folder))
    password = password_file(places.cluster).read_text()
    # The port is said explicitly, or PGPORT of whoever connects would choose another socket.
    place = urlencode({"host": str(places.socket_folder), "port": PORT})
    return f"postgresql://mingdu:{password}@/mingdu?{place}"


def take_place(places: Places) -> None:
    """Finish an upgrade that was cut between its two last renames; else do nothing."""
    if places.upgraded.exists() and not places.cluster.exists():
        move_durably(places.upgraded, places.cluster)


def refuse_foreign(environment: Environment, verb: str) -> None:
    """Refuse to do to a server of others what only its keeper may do."""
    if environment.database_url is not None:
        raise ForeignServer(f"the server of DATABASE_URL is kept by others and was not {verb}")


def _try_foreign(database_url: str) -> None:
    said = _answer_of(database_url)
    if said is not None:
        raise DatabaseDown(
            f"the server of DATABASE_URL does not answer: {said}",
            next_step="start that server, or unset DATABASE_URL to use the one that Mingdu keeps",
        )


def _answer_of(database_url: str) -> str | None:
    """Return what a server of others says against a connection; None when it takes one."""
    try:
        psycopg.connect(database_url, connect_timeout=CONNECT_SECONDS).close()
    except psycopg.OperationalError as cause:
        return str(cause)
    return None
