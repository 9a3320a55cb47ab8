"""A server that others keep: the same over DATABASE_URL, or a refusal that names the line which helps."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from main.backup.yard import Yard, quiet
from mingdu.main.backup.plan import plan_to
from mingdu.main.backup.recover import refuse_other_major
from mingdu.main.backup.source import NoReplicationDoor, NoReplicationRight, ServerNotServed, source_of
from mingdu.main.backup.verify import verify
from mingdu.main.clock import Clock
from mingdu.main.database import DatabaseDown
from mingdu.main.database.places import make_private_folder
from mingdu.main.database.programs import Programs, find_programs
from mingdu.main.environment import Environment

pytestmark = [pytest.mark.database, pytest.mark.long]

SECOND = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
# The wheel's own programs stand for a foreign server; another major version is tried where it is installed.
BINS: dict[str, Path | None] = {"wheel": None, **{f"PostgreSQL {path.parent.name}": path for path in SECOND}}


class Foreign:
    """A server that knows nothing of Mingdu; its keeper may change who may do what."""

    def __init__(self, folder: Path, pg_bin: Path | None) -> None:
        self.programs: Programs = find_programs(pg_bin)
        self.cluster, self.socket = folder / "cluster", folder / "s"
        make_private_folder(folder / "s", self.programs.user)
        folder.chmod(0o777)
        self.programs.run(
            "initdb", ["-D", str(self.cluster), "-U", "keeper", "-A", "trust", "-E", "UTF8", "--locale=C"]
        )
        with (self.cluster / "postgresql.conf").open("a") as settings:
            settings.write(
                f"listen_addresses = ''\nunix_socket_directories = '{self.socket}'\nmax_connections = 130\n"
            )
            settings.write("summarize_wal = on\n" if self.programs.major_version >= 17 else "")
        self.programs.run("pg_ctl", ["-D", str(self.cluster), "-l", str(folder / "s" / "log"), "-w", "start"])
        self.say(
            "CREATE ROLE utility LOGIN REPLICATION PASSWORD 'x'", "CREATE DATABASE utility OWNER utility"
        )

    @property
    def url(self) -> str:
        return f"postgresql://utility:x@/utility?host={self.socket}&port=5432"

    def say(self, *statements: str) -> None:
        url = f"postgresql://keeper@/postgres?host={self.socket}&port=5432"
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def let_in(self, *lines: str) -> None:
        (self.cluster / "pg_hba.conf").write_text("".join(f"{line}\n" for line in lines))
        self.say("SELECT pg_reload_conf()")

    def stop(self) -> None:
        self.programs.run("pg_ctl", ["-D", str(self.cluster), "-m", "fast", "-w", "stop"])


@pytest.fixture(scope="module", params=BINS)
def foreign(request: pytest.FixtureRequest, folder: Path) -> Iterator[Foreign]:
    place = folder / f"foreign-{request.param.replace(' ', '-')}"
    place.mkdir()
    made = Foreign(place, BINS[request.param])
    yield made
    made.stop()
    shutil.rmtree(place)


@pytest.fixture
def foreign_yard(foreign: Foreign, folder: Path) -> Yard:
    name = foreign.cluster.parent.name
    (folder / "checkout" / "rules").mkdir(parents=True, exist_ok=True)
    return Yard(
        Environment(
            checkout=folder / "checkout", data_folder=folder / f"data-{name}", database_url=foreign.url,
            pg_bin=foreign.programs.folder, backup_folder=folder / f"backups-{name}",
        )
    )  # fmt: skip


def test_backs_up_proves_and_restores_over_its_connection(foreign: Foreign, foreign_yard: Yard) -> None:
    foreign_yard.write(1)
    full = foreign_yard.manifest()
    between = foreign_yard.write(2)
    foreign_yard.write(3)
    second = foreign_yard.manifest()
    can_increment = foreign.programs.major_version >= 17
    assert (full.kind, second.kind) == ("full", "incremental" if can_increment else "full")
    assert full.settings["max_connections"] == "130" and full.database == "utility"
    assert verify(foreign_yard.environment, foreign_yard.target, Clock().now(), quiet).is_equal
    folder = foreign_yard.empty(f"restored-{foreign.cluster.parent.name}")
    restored = foreign_yard.restore(between, folder)
    assert not restored.is_ours and restored.kept_as == ()
    settings = (restored.cluster / "postgresql.conf").read_text()
    assert "max_connections = 130" in settings and "log.staged" not in settings
    assert not list(restored.cluster.glob("*.as-it-was"))


def test_refuses_without_the_right_and_names_the_grant(foreign: Foreign, foreign_yard: Yard) -> None:
    foreign.say("ALTER ROLE utility NOREPLICATION")
    try:
        with pytest.raises(NoReplicationRight) as refused:
            foreign_yard.back_up()
    finally:
        foreign.say("ALTER ROLE utility REPLICATION")
    assert 'ALTER ROLE "utility" REPLICATION;' in refused.value.next


def test_refuses_without_a_door_and_names_the_line(foreign: Foreign, foreign_yard: Yard) -> None:
    foreign.let_in("local all all trust")
    try:
        with pytest.raises(NoReplicationDoor) as refused:
            foreign_yard.back_up()
    finally:
        foreign.let_in("local all all trust", "local replication all trust")
    assert "local replication utility scram-sha-256" in refused.value.next


def test_says_when_no_connection_that_copies_is_left(foreign: Foreign, foreign_yard: Yard) -> None:
    foreign.let_in("local all all trust", "local replication all scram-sha-256")
    wrong = replace(foreign_yard.environment, database_url=foreign.url.replace(":x@", ":wrong@"))
    try:
        with pytest.raises(DatabaseDown):
            source_of(wrong)
    finally:
        foreign.let_in("local all all trust", "local replication all trust")


if SECOND:

    def test_refuses_programs_of_another_version(foreign: Foreign, foreign_yard: Yard) -> None:
        """The wheel's programs copy an older server, but bring only their own data to life."""
        foreign_yard.write(4)
        foreign_yard.back_up()
        plan = plan_to(foreign_yard.target, None)
        others = [find_programs(path) for path in BINS.values()]
        for programs in others:
            if programs.major_version == foreign.programs.major_version:
                refuse_other_major(plan, programs)
            else:
                with pytest.raises(ServerNotServed) as refused:
                    refuse_other_major(plan, programs)
                assert "MINGDU_PG_BIN" in refused.value.next

    def test_refuses_a_server_newer_than_the_programs(yard: Yard) -> None:
        ours = replace(yard.environment, database_url=source_of(yard.environment).url, pg_bin=SECOND[0])
        with pytest.raises(ServerNotServed):
            source_of(ours)
