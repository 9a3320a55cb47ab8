"""Bring the data to the major version of the wheel, by dump and restore."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

from mingdu.errors import TradeError
from mingdu.main.database.cluster import (
    PATIENCE_SECONDS,
    bring_up,
    data_version,
    make_cluster,
    password_file,
    refuse_other_version,
    shut_down,
)
from mingdu.main.database.launcher import NoDatabaseYet, halt, refuse_foreign, take_place
from mingdu.main.database.places import PORT, Places, held, move_durably, places_of, prepare_places
from mingdu.main.database.programs import Programs, find_programs
from mingdu.main.environment import Environment


class OldProgramsNeeded(TradeError):
    """Only the programs that wrote the data can read them for the dump."""


def upgrade(environment: Environment) -> bool:
    """
    Move the data to the wheel's major version; tell whether there was anything to do.

    MINGDU_PG_BIN names the old programs. The server is stopped and stays stopped; the old
    cluster is kept beside the new one as `cluster.<version>`. A cut upgrade changes nothing,
    and the next one begins anew. Carries the database `mingdu`: other databases and what was set
    by ALTER SYSTEM, ALTER ROLE or ALTER DATABASE stay behind in the old cluster.

    raises  ForeignServer, NoDatabaseYet, WrongMajorVersion (data newer than the wheel),
            OldProgramsNeeded, DatabaseDown, ProgramFailed
    """
    refuse_foreign(environment, "upgraded")
    places = places_of(environment)
    with held(places.lock):
        take_place(places)
        if not places.cluster.exists():
            raise NoDatabaseYet(f"{places.data_folder}: no database here")
        new = find_programs(None)
        if data_version(places.cluster) >= new.major_version:
            refuse_other_version(places.cluster, new)
            return False
        old = _old_programs(environment.pg_bin, data_version(places.cluster))
        halt(places, old)
        prepare_places(places, new.user)
        _copy_data(places, old, new)
        _change_places(places)
        shutil.rmtree(places.socket_folder)
    return True


def _old_programs(pg_bin: Path | None, version: int) -> Programs:
    old = None if pg_bin is None else find_programs(pg_bin)
    if old is None or old.major_version != version:
        raise OldProgramsNeeded(
            f"the data are of PostgreSQL {version}; reading them needs its programs, and MINGDU_PG_BIN "
            + ("is not set" if old is None else f"names those of PostgreSQL {old.major_version}"),
            next_step=f"MINGDU_PG_BIN=<bin folder of PostgreSQL {version}> mingdu db upgrade",
            data_version=version,
        )
    return old


def _copy_data(places: Places, old: Programs, new: Programs) -> None:
    dump = places.folder / "upgrade.dump"
    # The newer pg_dump knows how to read an older server; the other way round is not promised.
    command = ["--format=custom", "--file", str(dump), "mingdu"]
    _with_server(places, places.cluster, old, (new, "pg_dump", command))
    making = places.making
    make_cluster(making, new)
    command = ["--exit-on-error", "--single-transaction", "--dbname=mingdu", str(dump)]
    _with_server(places, making, new, (new, "pg_restore", command))
    dump.unlink()


def _with_server(
    places: Places, cluster: Path, server: Programs, client: tuple[Programs, str, list[str]]
) -> None:
    programs, name, arguments = client
    bring_up(places, cluster, server, PATIENCE_SECONDS)
    try:
        where = ["--host", str(places.socket_folder), "--port", str(PORT), "--username=mingdu"]
        programs.run(name, [*where, *arguments], password=password_file(cluster).read_text())
    finally:
        shut_down(cluster, server)


def _change_places(places: Places) -> None:
    # Between the two last renames no `cluster` exists; take_place finishes what was cut there.
    shutil.rmtree(places.upgraded, ignore_errors=True)
    move_durably(places.making, places.upgraded)
    move_durably(places.cluster, _free_name(places))
    move_durably(places.upgraded, places.cluster)


def _free_name(places: Places) -> Path:
    name = f"cluster.{data_version(places.cluster)}"
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(places.folder / each for each in names if not (places.folder / each).exists())
