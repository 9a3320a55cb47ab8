"""Ways to run servers in tests: as root's system user and as an ordinary user."""

from __future__ import annotations

import multiprocessing
import os
import pwd
import shutil
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from mingdu.main.database import stop
from mingdu.main.database.places import places_of
from mingdu.main.database.programs import copy_of_wheel
from mingdu.main.database.system_user import SystemUser, system_user
from mingdu.main.environment import SYSTEM_FOLDER, Environment

Answer = TypeVar("Answer")
IS_ROOT = os.geteuid() == 0
# An ordinary user cannot become root, so for him the root case does not exist.
CASES = ["root", "ordinary user"] if IS_ROOT else ["ordinary user"]
GIVEN_PG_BIN = os.environ.get("MINGDU_PG_BIN")


@dataclass
class Host:
    """One way to run servers: who calls the launcher, and who the servers then run as."""

    executor: Executor
    server_uid: int
    pg_bin: Path | None
    folder: Path
    environments: dict[str, Environment] = field(default_factory=dict)

    def call(self, verb: Callable[[Environment], Answer], environment: Environment) -> Answer:
        return self.executor.submit(verb, environment).result()

    def environment(self, name: str, *, pg_bin: Path | None = None) -> Environment:
        """Return the environment of one data folder; its server is stopped when the module ends."""
        return self.environments.setdefault(
            name,
            Environment(
                checkout=self.folder / "checkout",
                data_folder=self.folder / name,
                pg_bin=pg_bin or self.pg_bin,
            ),
        )

    def stop_all(self) -> None:
        for environment in self.environments.values():
            self.call(stop, environment)
            # A start that was refused leaves its empty folder behind.
            shutil.rmtree(self.call(places_of, environment).socket_folder, ignore_errors=True)


def host_of(case: str, folder: Path) -> Host:
    given = None if GIVEN_PG_BIN is None else Path(GIVEN_PG_BIN)
    if case == "root":
        return Host(ThreadPoolExecutor(2), system_user().uid, given, folder)
    if not IS_ROOT:
        return Host(ThreadPoolExecutor(2), os.geteuid(), given, folder)
    entry = pwd.getpwnam("nobody")
    nobody = SystemUser("nobody", entry.pw_uid, entry.pw_gid)
    os.chown(folder, nobody.uid, nobody.gid)
    # Forked, so that nobody needs to read a checkout that may lie below a closed home folder.
    pool = ProcessPoolExecutor(2, multiprocessing.get_context("fork"), _become, (nobody,))
    return Host(pool, nobody.uid, given or copy_of_wheel(SYSTEM_FOLDER / "programs"), folder)


def _become(user: SystemUser) -> None:
    os.setgroups([])
    os.setgid(user.gid)
    os.setuid(user.uid)
