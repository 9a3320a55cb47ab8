"""kill -9 in mid-backup: the earlier backups stay whole, the next run clears what was cut and is whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from main.backup.yard import Yard, quiet, until
from mingdu.main.backup.prune import prune
from mingdu.main.backup.run import BackupRunning
from mingdu.main.backup.source import RUN_LOCK, is_locked, source_of
from mingdu.main.backup.state import UNFINISHED, WHOLE, kept_backups
from mingdu.main.backup.target import Target, clear_partials
from mingdu.main.backup.verify import verify
from mingdu.main.clock import Clock
from mingdu.main.database import url

pytestmark = [pytest.mark.database, pytest.mark.long]


def begin(yard: Yard) -> subprocess.Popen[bytes]:
    """`mingdu backup --full` in a process of its own."""
    environment = {
        **os.environ, "MINGDU_DATA": str(yard.environment.data_folder),
        "MINGDU_BACKUP": str(yard.target.folder),
    }  # fmt: skip
    environment.pop("DATABASE_URL", None)
    command = [sys.executable, "-m", "mingdu.main.cli", "backup", "run", "--full"]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def inside(name: str) -> Callable[[Target], bool]:
    return lambda target: any((path / name).exists() for path in target.partials())


POINTS: dict[str, Callable[[Target], object]] = {
    "when it has its folder": lambda target: target.partials(),
    "while the database is copied": inside("database/global"),
    "while the log comes with it": inside("database/pg_wal"),
    "when the keys are written": inside("keys.locked"),
    "when the list of files is written": inside("files.jsonl"),
}


@pytest.fixture(scope="module")
def earlier(yard: Yard) -> list[str]:
    """Two backups, and so much data that copying takes a moment."""
    with psycopg.connect(url(yard.environment), autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE bulk AS SELECT g, repeat(md5(g::text), 8) FROM generate_series(1, 300000) g"
        )
    yard.attach(b"a photo", "aa11")
    return [yard.manifest().name, yard.manifest().name]


@pytest.mark.parametrize("point", POINTS)
def test_leaves_a_partial_one_that_is_never_offered(yard: Yard, earlier: list[str], point: str) -> None:
    before = yard.target.names()
    process = begin(yard)
    until(lambda: POINTS[point](yard.target) or process.poll() is not None)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert yard.target.names() == before
    assert {each.state for each in kept_backups(yard.target)} == {UNFINISHED, WHOLE}
    cut = yard.target.partials()[0]
    assert yard.restore(None, yard.empty(f"after-{len(before)}")).backup == before[-1]
    made = yard.back_up()
    assert made.cleared == (cut.name.removesuffix(".partial"),)
    assert not cut.exists() and not list(yard.target.files.glob("tmp*"))
    assert yard.target.names() == [*before, made.manifest.name]
    assert verify(yard.environment, yard.target, Clock().now(), quiet).is_equal


def test_ends_the_programs_of_a_cut_run_before_it_clears_its_folder(tmp_path: Path) -> None:
    cut = Target(tmp_path).backups / "20260101T000000.000Z.partial"
    cut.mkdir(parents=True)
    (cut / "database").touch()
    program = subprocess.Popen(["tail", "-f", str(cut / "database")], stderr=subprocess.DEVNULL)
    assert clear_partials(Target(tmp_path)) == ["20260101T000000.000Z"]
    assert program.wait(10) is not None
    assert not cut.exists()


def test_a_kill_while_an_old_one_is_removed_leaves_it_partial(yard: Yard, earlier: list[str]) -> None:
    first = yard.target.backups / earlier[0]
    first.rename(first.with_name(f"{first.name}.partial"))
    made = yard.back_up(is_full=True)
    assert made.cleared == (earlier[0],)


def test_keeps_so_many_full_ones_with_what_stands_on_them(yard: Yard, earlier: list[str]) -> None:
    yard.back_up(is_full=True)
    newest = yard.manifest()
    assert newest.parent is not None
    removed = prune(yard.target, 1)
    assert removed and yard.target.names() == [newest.parent, newest.name]
    assert len({path.name for path in yard.target.logs.iterdir()}) == 1
    assert verify(yard.environment, yard.target, Clock().now(), quiet).is_equal
    assert prune(yard.target, 1) == ()


def test_refuses_a_second_run_at_once(yard: Yard) -> None:
    with source_of(yard.environment).connected() as other:
        assert is_locked(other, RUN_LOCK)
        with pytest.raises(BackupRunning):
            yard.back_up()
