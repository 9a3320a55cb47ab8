"""Upgrade by dump and restore, as far as the machine has older programs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from main.database.host import Host
from mingdu.main.database import Server, WrongMajorVersion, start, status, stop, upgrade
from mingdu.main.database.cluster import data_version, processes_in
from mingdu.main.database.launcher import NoDatabaseYet
from mingdu.main.database.major_upgrade import OldProgramsNeeded
from mingdu.main.database.places import places_of
from mingdu.main.database.programs import ProgramFailed, find_programs
from mingdu.main.environment import Environment

pytestmark = pytest.mark.database
# Debian keeps each major version in a folder of its own; a machine without one runs the other tests.
OLDER = sorted(Path("/usr/lib/postgresql").glob("1[5-7]/bin"))


def test_has_nothing_to_do_at_the_current_version(host: Host, current: Environment) -> None:
    host.call(start, current)
    assert host.call(upgrade, current) is False
    assert host.call(status, current).is_ready


def test_refuses_to_upgrade_what_is_not_there(host: Host, fresh: Environment) -> None:
    with pytest.raises(NoDatabaseYet):
        host.call(upgrade, fresh)


def test_refuses_data_newer_than_the_wheel(host: Host, current: Environment) -> None:
    cluster = claim_version(host, current, 19)
    with pytest.raises(WrongMajorVersion) as refused:
        host.call(upgrade, current)
    assert refused.value.values == {"data_version": 19, "program_version": 18}
    (cluster / "PG_VERSION").write_text("18\n")


@pytest.mark.parametrize(("with_programs", "said"), [(False, "is not set"), (True, "those of PostgreSQL 18")])
def test_asks_for_the_programs_that_wrote_the_data(
    host: Host, current: Environment, with_programs: bool, said: str
) -> None:
    cluster = claim_version(host, current, 14)
    pg_bin = find_programs(None).folder if with_programs else None
    with pytest.raises(OldProgramsNeeded, match=said) as refused:
        host.call(upgrade, replace(current, pg_bin=pg_bin))
    assert refused.value.next == "MINGDU_PG_BIN=<bin folder of PostgreSQL 14> mingdu db upgrade"
    (cluster / "PG_VERSION").write_text("18\n")


def test_finishes_an_upgrade_cut_between_its_last_renames(host: Host, current: Environment) -> None:
    before = host.call(start, current)
    host.call(stop, current)
    places = host.call(places_of, current)
    places.cluster.rename(places.upgraded)
    assert host.call(start, current).url == before.url


@pytest.fixture
def current(host: Host) -> Environment:
    """A data folder of the wheel's own version, whatever version the suite runs on."""
    environment = replace(host.environment("current"), pg_bin=current_pg_bin())
    host.environments["current"] = environment
    return environment


if OLDER:

    @pytest.mark.parametrize("old_bin", OLDER, ids=str)
    def test_brings_the_data_of_an_older_version_over(host: Host, old_bin: Path) -> None:
        old = host.environment(f"from-{old_bin.parent.name}", pg_bin=old_bin)
        fill(host.call(start, old))
        places = host.call(places_of, old)
        assert host.call(upgrade, old) is True
        host.environments[old.data_folder.name] = new = replace(old, pg_bin=current_pg_bin())
        with psycopg.connect(host.call(start, new).url) as connection:
            assert connection.info.server_version // 10_000 == 18
            rows = connection.execute(
                "SELECT id, name, upper(days) FROM kept JOIN held USING (id)"
            ).fetchall()
            connection.execute("INSERT INTO kept (name) VALUES ('after')")
            assert connection.execute("SELECT max(id) FROM kept").fetchone() == (1001,)
        assert len(rows) == 1000
        assert rows[0][1] == "张三"
        kept = places.folder / f"cluster.{old_bin.parent.name}"
        assert data_version(kept) == int(old_bin.parent.name)
        assert not (places.folder / "upgrade.dump").exists()
        assert host.call(upgrade, new) is False

    @pytest.mark.parametrize("old_bin", OLDER, ids=str)
    def test_changes_nothing_when_an_upgrade_fails(host: Host, old_bin: Path) -> None:
        version = int(old_bin.parent.name)
        old = host.environment(f"stays-{version}", pg_bin=old_bin)
        before = host.call(start, old)
        fill(before)
        places = host.call(places_of, old)
        in_the_way = places.folder / "upgrade.dump"
        in_the_way.mkdir()
        with pytest.raises(ProgramFailed, match="pg_dump ended with 1"):
            host.call(upgrade, old)
        assert processes_in(places.cluster) == []
        with psycopg.connect(host.call(start, old).url) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
        # A cluster kept by an earlier upgrade is never written over.
        in_the_way.rmdir()
        (places.folder / f"cluster.{version}").mkdir()
        assert host.call(upgrade, old) is True
        assert data_version(places.folder / f"cluster.{version}-2") == version
        host.environments[old.data_folder.name] = replace(old, pg_bin=current_pg_bin())


def fill(server: Server) -> None:
    """Store what a dump finds hard: an extension, an exclusion over periods, a sequence, Chinese text."""
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE EXTENSION btree_gist")
        connection.execute("CREATE TABLE kept (id bigserial PRIMARY KEY, name text)")
        connection.execute("INSERT INTO kept (name) SELECT '张三' FROM generate_series(1, 1000)")
        connection.execute(
            "CREATE TABLE held (id bigint, days daterange, EXCLUDE USING gist (id WITH =, days WITH &&))"
        )
        connection.execute("INSERT INTO held SELECT id, '[2026-12-01,2027-01-01)' FROM kept")


def claim_version(host: Host, environment: Environment, version: int) -> Path:
    """Make stopped data say that another major version wrote them."""
    host.call(start, environment)
    host.call(stop, environment)
    cluster: Path = host.call(places_of, environment).cluster
    (cluster / "PG_VERSION").write_text(f"{version}\n")
    return cluster


def current_pg_bin() -> Path:
    """Return the wheel's programs where every user may read them."""
    return find_programs(None).folder
