"""Crashes: kill -9 in mid-write, dead and lying pid files, processes that will not go."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
from functools import partial

import psutil
import psycopg
import pytest

from main.database.host import Host
from mingdu.main.database import DatabaseDown, Server, start, status, stop
from mingdu.main.database.cluster import LOG_BYTES_MAX, PID_FILE, processes_in
from mingdu.main.database.places import Places
from mingdu.main.environment import Environment

pytestmark = pytest.mark.database
ACKNOWLEDGED_BEFORE_KILL = 300
DEADLINE_SECONDS = 30


class Writer(threading.Thread):
    """Commits rising numbers, one a transaction, and notes each one that was acknowledged."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.acknowledged: list[int] = []
        self.is_under_way = threading.Event()

    def run(self) -> None:
        try:
            with psycopg.connect(self.url, autocommit=True) as connection:
                self._write(connection)
        except psycopg.OperationalError:
            return

    def _write(self, connection: psycopg.Connection) -> None:
        while True:
            number = len(self.acknowledged)
            connection.execute("INSERT INTO written VALUES (%s)", [number])
            self.acknowledged.append(number)
            if number == ACKNOWLEDGED_BEFORE_KILL:
                self.is_under_way.set()


def test_keeps_each_acknowledged_row_once_over_kill_9_in_mid_write(
    host: Host, environment: Environment, server: Server
) -> None:
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE written (number int)")
    open_work = psycopg.connect(server.url)
    open_work.execute("INSERT INTO written VALUES (-1)")
    writer = Writer(server.url)
    writer.start()
    assert writer.is_under_way.wait(DEADLINE_SECONDS)
    kill(server)
    again = host.call(start, environment)
    writer.join(DEADLINE_SECONDS)
    assert not writer.is_alive()
    with psycopg.connect(again.url) as connection:
        rows = connection.execute("SELECT number FROM written ORDER BY number").fetchall()
    open_work.close()
    # The row in flight may or may not have been committed; no other may be there or missing.
    written = [number for (number,) in rows]
    assert written in (writer.acknowledged, [*writer.acknowledged, len(writer.acknowledged)])
    assert len(writer.acknowledged) > ACKNOWLEDGED_BEFORE_KILL


def test_tells_that_a_killed_server_is_down_and_starts_it_again(
    host: Host, environment: Environment, server: Server
) -> None:
    kill(server)
    found = host.call(status, environment)
    assert (found.is_ready, found.pid) == (False, None)
    assert host.call(start, environment).pid != server.pid
    assert host.call(status, environment).is_ready


def test_starts_over_a_pid_file_that_names_a_dead_process(
    host: Host, environment: Environment, server: Server, places: Places
) -> None:
    kill(server)
    dead = subprocess.Popen(["true"])
    dead.wait()
    lie(places, dead.pid)
    assert host.call(status, environment).pid is None
    assert host.call(stop, environment) is False
    assert host.call(start, environment).url == server.url


def test_starts_over_a_pid_file_that_names_a_strangers_process_and_spares_it(
    host: Host, environment: Environment, server: Server, places: Places
) -> None:
    kill(server)
    # The stranger runs as the server's own user: the case that PostgreSQL by itself gives up on.
    user = host.server_uid if os.geteuid() == 0 else None
    stranger = subprocess.Popen(["sleep", "600"], user=user)
    lie(places, stranger.pid)
    assert host.call(status, environment).pid is None
    assert host.call(start, environment).url == server.url
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_takes_no_neighbours_server_for_its_own(
    host: Host, environment: Environment, server: Server, places: Places
) -> None:
    kill(server)
    neighbour = host.call(start, host.environment("neighbour"))
    assert neighbour.pid is not None
    lie(places, neighbour.pid)
    assert host.call(stop, environment) is False
    assert host.call(start, environment).pid != neighbour.pid
    assert psutil.pid_exists(neighbour.pid)


def test_starts_over_an_empty_pid_file(
    host: Host, environment: Environment, server: Server, places: Places
) -> None:
    host.call(stop, environment)
    (places.cluster / PID_FILE).write_text("")
    assert host.call(start, environment).url == server.url


def test_waits_for_the_processes_of_a_killed_server_and_names_them_when_they_stay(
    host: Host, environment: Environment, server: Server, places: Places
) -> None:
    with psycopg.connect(server.url) as connection:
        stuck = connection.info.backend_pid
        os.kill(stuck, signal.SIGSTOP)
        kill(server)
        with pytest.raises(DatabaseDown, match=rf"no answer within 0\.5 s; processes .*{stuck}"):
            host.call(partial(start, patience_seconds=0.5), environment)
        assert stuck in processes_in(places.cluster)
        os.kill(stuck, signal.SIGCONT)
        assert host.call(start, environment).url == server.url
        connection.close()


def test_shows_the_servers_own_words_when_it_cannot_start(
    host: Host, environment: Environment, server: Server, places: Places
) -> None:
    host.call(stop, environment)
    control = places.cluster / "global" / "pg_control"
    whole = control.read_bytes()
    control.write_bytes(b"")
    with pytest.raises(DatabaseDown, match="did not start") as down:
        host.call(start, environment)
    assert any("pg_control" in line for line in down.value.values["log"])
    assert str(places.log) in down.value.next
    control.write_bytes(whole)
    assert host.call(start, environment).url == server.url


def test_turns_a_log_that_has_grown(
    host: Host, environment: Environment, server: Server, places: Places
) -> None:
    host.call(stop, environment)
    os.truncate(places.log, LOG_BYTES_MAX + 1)
    host.call(start, environment)
    assert places.log.stat().st_size < LOG_BYTES_MAX
    assert places.log.with_suffix(".log.1").stat().st_size == LOG_BYTES_MAX + 1


def kill(server: Server) -> None:
    """Kill -9 the main process of a server that this test started, and see it end."""
    assert server.pid is not None
    # A process descriptor tells of the end at once, even while nobody has collected the dead.
    process = os.pidfd_open(server.pid)
    signal.pidfd_send_signal(process, signal.SIGKILL)
    ended, _, _ = select.select([process], [], [], DEADLINE_SECONDS)
    os.close(process)
    assert ended


def lie(places: Places, pid: int) -> None:
    """Let both pid files that a killed server left behind name another process."""
    for left in (places.cluster / PID_FILE, places.socket_lock):
        left.write_text("\n".join([str(pid), *left.read_text().splitlines()[1:], ""]))
