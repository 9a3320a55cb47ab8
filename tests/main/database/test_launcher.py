"""The launcher on real servers: start, stop, status, url, neighbours, versions."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import replace

import psutil
import psycopg
import pytest

from main.database.host import Host
from mingdu.main.database import Server, Status, start, status, stop, upgrade, url
from mingdu.main.database.cluster import (
    DatabaseDown,
    WrongMajorVersion,
    data_version,
    password_file,
    processes_in,
)
from mingdu.main.database.launcher import ForeignServer, NoDatabaseYet
from mingdu.main.database.places import Places, places_of
from mingdu.main.database.programs import find_programs
from mingdu.main.environment import Environment

pytestmark = pytest.mark.database


def test_starts_a_server_that_psycopg_reaches_by_its_url(server: Server) -> None:
    with psycopg.connect(server.url) as connection:
        row = connection.execute(
            "SELECT current_user, current_database(), pg_encoding_to_char(encoding), datcollate, rolsuper"
            " FROM pg_database JOIN pg_roles ON rolname = current_user WHERE datname = current_database()"
        ).fetchone()
    assert row == ("mingdu", "mingdu", "UTF8", "C", False)


def test_keeps_every_acknowledged_commit_by_its_settings(server: Server) -> None:
    with psycopg.connect(server.url) as connection:
        names = ("synchronous_commit", "fsync", "full_page_writes", "listen_addresses", "data_checksums")
        values = [connection.execute(f"SHOW {name}").fetchone() for name in names]
    assert values == [("on",), ("on",), ("on",), ("",), ("on",)]


def test_starts_once_however_often_it_is_asked(host: Host, environment: Environment, server: Server) -> None:
    assert host.call(start, environment) == server


def test_lets_two_starts_at_once_take_turns(host: Host, fresh: Environment) -> None:
    both = [host.executor.submit(start, fresh) for _ in range(2)]
    first, second = (each.result() for each in both)
    assert first == second
    assert first.pid is not None


def test_stops_and_leaves_no_process_and_no_socket(
    host: Host, environment: Environment, server: Server, places: Places
) -> None:
    assert host.call(stop, environment) is True
    assert processes_in(places.cluster) == []
    assert not places.socket_folder.exists()
    assert host.call(stop, environment) is False


def test_keeps_data_and_url_over_a_restart(host: Host, environment: Environment, server: Server) -> None:
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    host.call(stop, environment)
    again = host.call(start, environment)
    assert again.url == server.url == host.call(url, environment)
    with psycopg.connect(again.url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchall() == [(7,)]


def test_tells_its_status_before_while_and_after(host: Host, fresh: Environment) -> None:
    folder = fresh.data_folder
    assert host.call(status, fresh) == Status(False, False, None, None, folder)
    assert host.call(stop, fresh) is False
    server = host.call(start, fresh)
    running = host.call(status, fresh)
    assert running == Status(True, False, server.pid, running.data_version, folder)
    host.call(stop, fresh)
    assert host.call(status, fresh) == replace(running, is_ready=False, pid=None)


def test_has_no_url_before_the_first_start(host: Host, fresh: Environment) -> None:
    with pytest.raises(NoDatabaseYet, match="no database here"):
        host.call(url, fresh)


def test_runs_as_its_own_user_and_keeps_everything_private(
    host: Host, server: Server, places: Places
) -> None:
    assert server.pid is not None
    assert psutil.Process(server.pid).uids().effective == host.server_uid
    for path, mode in (
        (places.folder, 0o700),
        (places.cluster, 0o700),
        (places.socket_folder, 0o700),
        (places.log, 0o600),
        (password_file(places.cluster), 0o600),
    ):
        facts = path.stat()
        assert (path, stat.S_IMODE(facts.st_mode), facts.st_uid) == (path, mode, host.server_uid)


def test_listens_on_no_network(server: Server) -> None:
    assert psutil.Process(server.pid).net_connections(kind="inet") == []


@pytest.mark.parametrize("role", ["mingdu", "postgres"])
def test_refuses_a_wrong_password_and_the_superuser(server: Server, role: str) -> None:
    wrong = re.sub("//mingdu:[^@]+@", f"//{role}:wrong@", server.url)
    with pytest.raises(
        psycopg.OperationalError, match=r"password authentication failed|no pg_hba\.conf entry"
    ):
        psycopg.connect(wrong)


def test_keeps_the_socket_path_short_below_a_deep_data_folder(host: Host) -> None:
    deep = host.environment("/".join(["a-rather-long-folder-name"] * 8))
    server = host.call(start, deep)
    with psycopg.connect(server.url) as connection:
        socket = f"{connection.info.host}/.s.PGSQL.{connection.info.port}"
    assert len(str(deep.data_folder)) > 200
    assert len(socket) < 60


def test_keeps_two_checkouts_apart(host: Host, environment: Environment, fresh: Environment) -> None:
    servers = [host.call(start, each) for each in (environment, fresh)]
    assert servers[0].pid != servers[1].pid
    for number, server in enumerate(servers):
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE mine AS SELECT %s::int AS number", [number])
    host.call(stop, environment)
    with psycopg.connect(servers[1].url) as connection:
        assert connection.execute("SELECT number FROM mine").fetchall() == [(1,)]


@pytest.mark.parametrize(("step", "advice"), [(-1, "mingdu db upgrade"), (1, "set MINGDU_PG_BIN")])
def test_refuses_data_of_another_major_version(
    host: Host, environment: Environment, server: Server, places: Places, step: int, advice: str
) -> None:
    host.call(stop, environment)
    spoken = data_version(places.cluster)
    (places.cluster / "PG_VERSION").write_text(f"{spoken + step}\n")
    with pytest.raises(WrongMajorVersion) as refused:
        host.call(start, environment)
    assert refused.value.values == {"data_version": spoken + step, "program_version": spoken}
    assert advice in refused.value.next
    (places.cluster / "PG_VERSION").write_text(f"{spoken}\n")
    assert host.call(start, environment).url == server.url


def test_uses_a_server_of_others_and_leaves_it_alone(
    host: Host, environment: Environment, server: Server
) -> None:
    foreign = replace(environment, database_url=server.url)
    assert host.call(start, foreign) == Server(server.url, environment.data_folder, None)
    assert host.call(url, foreign) == server.url
    assert host.call(status, foreign) == Status(True, True, None, None, environment.data_folder)
    for verb in (stop, upgrade):
        with pytest.raises(ForeignServer, match="kept by others"):
            host.call(verb, foreign)
    assert host.call(status, environment).is_ready


def test_tells_that_a_server_of_others_does_not_answer(host: Host, environment: Environment) -> None:
    nowhere = replace(environment, database_url=f"postgresql:///mingdu?host={host.folder}")
    with pytest.raises(DatabaseDown, match="does not answer"):
        host.call(start, nowhere)
    assert not host.call(status, nowhere).is_ready


def test_makes_a_database_again_after_a_cut_first_start(host: Host, fresh: Environment) -> None:
    host.call(_leave_half_a_cluster, fresh)
    with psycopg.connect(host.call(start, fresh).url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not places_of(fresh).making.exists()


def _leave_half_a_cluster(environment: Environment) -> None:
    places = places_of(environment)
    places.making.mkdir(parents=True)
    places.folder.chmod(0o700)
    user = find_programs(environment.pg_bin).user
    if user is not None:
        os.chown(places.folder, user.uid, user.gid)
    (places.making / "PG_VERSION").write_text("18\n")
