"""A database server of a journey's own, which it may kill: Django points at it until the journey ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

STOP_SECONDS = 60
NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}


@dataclass
class OwnServer:
    """A migrated database in a data folder of its own, and the workers that a journey starts at it."""

    environment: Any
    pid: int
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start `mingdu worker`; what it says goes to a log in the data folder."""
        log = self.environment.data_folder / f"worker{len(self.workers)}.log"
        with log.open("wb") as said:
            worker = subprocess.Popen(
                [sys.executable, "-m", "mingdu.main.cli", "worker"],
                env=os.environ | {"MINGDU_DATA": str(self.environment.data_folder)},
                stdout=said, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.workers.append(worker)
        return worker

    @contextmanager
    def workers_ended(self) -> Iterator[None]:
        """Have no worker left at the end."""
        try:
            yield
        finally:
            for worker in self.workers:
                worker.kill()
                worker.wait(STOP_SECONDS)

    def kill_database(self) -> None:
        """Kill the server as a power cut would; our own connection to it is lost as well."""
        from django.db import connection

        os.kill(self.pid, signal.SIGKILL)
        connection.close()

    def start_database(self) -> None:
        """Start the server again."""
        from mingdu.main import database

        self.pid = database.start(self.environment).pid or 0

    def logs(self) -> str:
        """What the workers said, for a failure's message."""
        logs = sorted(self.environment.data_folder.glob("worker*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text()[-3000:]}" for log in logs)


@contextmanager
def own_server(now: datetime) -> Iterator[OwnServer]:
    """Start a server with a clock that says `now`; at the end nothing of it runs or lies about."""
    from mingdu.main import database
    from mingdu.main.clock import set_demo_clock
    from mingdu.main.environment import current_environment
    from mingdu.main.migrate import migrate

    root = Path("/var/lib/mingdu")
    folder = Path(tempfile.mkdtemp(prefix="mgk", dir=root if os.geteuid() == 0 and root.is_dir() else None))
    folder.chmod(0o711)
    environment = replace(current_environment(), data_folder=folder, database_url=None)
    try:
        set_demo_clock(environment, now)
        started = database.start(environment)
        server = OwnServer(environment, started.pid or 0)
        with _django_at(started.url), server.workers_ended():
            migrate(environment)
            yield server
    finally:
        database.stop(environment)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _django_at(url: str) -> Iterator[None]:
    from django.db import connection

    before = {key: connection.settings_dict[key] for key in NAMES.values()}
    parts = conninfo_to_dict(url)
    connection.close()
    connection.settings_dict.update({key: str(parts[name]) for name, key in NAMES.items()})
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)
