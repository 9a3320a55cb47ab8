"""A small utility of one table in a data folder of its own, with backups beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import psycopg

from mingdu.main.backup.late_files import fetch_late_files
from mingdu.main.backup.log import Log, fetch_log
from mingdu.main.backup.manifest import Manifest
from mingdu.main.backup.restore import Order, Restored, restore
from mingdu.main.backup.run import Made, back_up
from mingdu.main.backup.source import source_of
from mingdu.main.backup.target import Target, target_of
from mingdu.main.clock import Clock
from mingdu.main.database import start, stop, url
from mingdu.main.environment import Environment

DEADLINE_SECONDS = 60
LOOK_AGAIN_SECONDS = 0.005


def quiet(_step: str) -> None:
    """Nobody looks at the steps."""


@dataclass
class Yard:
    """One data folder whose server runs; `others` are folders restored from it."""

    environment: Environment
    others: list[Environment] = field(default_factory=list)

    @property
    def target(self) -> Target:
        return target_of(self.environment)

    def back_up(self, *, is_full: bool = False, folder: Path | None = None) -> Made:
        return back_up(self.environment, folder, is_full, quiet)

    def manifest(self) -> Manifest:
        return self.back_up().manifest

    def fetch(self) -> Log:
        """One helping of the log and of the files, as a worker fetches it."""
        log = fetch_log(source_of(self.environment), self.target)
        fetch_late_files(self.environment, self.target, log, Clock().now())
        return log

    def write(self, number: int) -> datetime:
        """Commit a number; returns an instant at which it is in the database and nothing after it is."""
        with psycopg.connect(url(self.environment), autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS written (number int)")
            connection.execute("INSERT INTO written VALUES (%s)", (number,))
            row = connection.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
        found: datetime = row[0]
        return found

    def attach(self, content: bytes, name: str) -> Path:
        path = self.environment.data_folder / "attachments" / name[:2] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def empty(self, name: str) -> Path:
        """A folder to restore into; its server is stopped when the module ends."""
        folder = self.environment.data_folder.parent / name
        self.others.append(replace(self.environment, data_folder=folder, database_url=None))
        return folder

    def restore(
        self, to: datetime | None, into: Path, key: str | None = None, *, replaces: bool = False
    ) -> Restored:
        order = Order(self.target, to, into, key, replaces)
        return restore(self.environment, order, quiet)

    def numbers_in(self, folder: Path) -> list[int]:
        """Start the server of a restored folder and read what was written."""
        environment = next(each for each in (*self.others, self.environment) if each.data_folder == folder)
        with psycopg.connect(start(environment).url) as connection:
            rows = connection.execute("SELECT number FROM written ORDER BY number").fetchall()
        return [number for (number,) in rows]

    def stop(self) -> None:
        for environment in self.others:
            stop(environment)
        if self.environment.database_url is None:
            stop(self.environment)


def until(condition: Callable[[], object]) -> None:
    """Wait for something that another process does."""
    for _ in range(int(DEADLINE_SECONDS / LOOK_AGAIN_SECONDS)):
        if condition():
            return
        threading.Event().wait(LOOK_AGAIN_SECONDS)
    raise AssertionError("it did not come")
