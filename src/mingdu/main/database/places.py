"""Where the embedded database keeps its things, and the lock that lets one start at a time."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mingdu.errors import TradeError
from mingdu.main.database.system_user import SystemUser
from mingdu.main.environment import Environment, make_folder

PORT = 5432
"""Part of the socket's file name only: the server listens on no network."""


class DataFolderUnreachable(TradeError):
    """The data folder lies where the server's own user must not or cannot go."""

    next_step = "set MINGDU_DATA to a folder outside the checkout whose parents everybody may pass"


class FolderTaken(TradeError):
    """A folder of the database exists but is not a private folder of the server's user."""


@dataclass(frozen=True)
class Places:
    """
    Paths of one data folder.

    folder         owned by the server's user, 0700; holds all that follows but the lock and the socket
    cluster        the database cluster; it appears complete, by one rename
    making         a cluster while it is made; left-overs of a crash are thrown away
    upgraded       a cluster of the next major version, complete, before it takes its place
    socket_folder  short, because PostgreSQL refuses socket paths above about 100 characters
    """

    data_folder: Path
    socket_folder: Path

    @property
    def lock(self) -> Path:
        return self.data_folder / "database.lock"

    @property
    def folder(self) -> Path:
        return self.data_folder / "database"

    @property
    def cluster(self) -> Path:
        return self.folder / "cluster"

    @property
    def making(self) -> Path:
        return self.folder / "cluster.making"

    @property
    def upgraded(self) -> Path:
        return self.folder / "cluster.upgraded"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def socket_lock(self) -> Path:
        """PostgreSQL's own second pid file, which guards the socket."""
        return self.socket_folder / f".s.PGSQL.{PORT}.lock"


def places_of(environment: Environment) -> Places:
    """Return the paths of this environment; makes nothing."""
    data_folder = environment.data_folder.resolve()
    name = hashlib.sha256(str(data_folder).encode()).hexdigest()[:8]
    root = Path("/run") if os.geteuid() == 0 else Path("/tmp")
    return Places(data_folder, root / f"mingdu-{name}")


@contextmanager
def held(lock: Path) -> Iterator[None]:
    """Hold a lock file for as long as the block runs; whoever comes second waits."""
    make_folder(lock.parent)
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def prepare_places(places: Places, user: SystemUser | None) -> None:
    """Make the folders that a server needs, owned by whoever runs it; raises FolderTaken."""
    make_private_folder(places.folder, user)
    make_private_folder(places.socket_folder, user)


def refuse_unreachable(data_folder: Path, user: SystemUser | None, checkout: Path) -> None:
    """
    Refuse a data folder inside the checkout, or below a folder that the system user may not pass.

    Looks before anything is made; a person who runs the server himself (user None) may put it
    where he likes.

    raises  DataFolderUnreachable
    """
    if user is None:
        return
    if data_folder.is_relative_to(checkout):
        raise DataFolderUnreachable(
            f"{data_folder}: run by root, data never lies inside the checkout {checkout}",
            data_folder=str(data_folder),
        )
    for folder in (data_folder, *data_folder.parents):
        if folder.exists() and not may_pass(folder.stat(), user):
            raise DataFolderUnreachable(
                f"{data_folder}: the user {user.name} may not pass {folder}",
                data_folder=str(data_folder),
                closed=str(folder),
            )


def may_pass(facts: os.stat_result, user: SystemUser) -> bool:
    """Tell whether the permission bits let this user pass through a folder."""
    if facts.st_uid == user.uid:
        return bool(facts.st_mode & stat.S_IXUSR)
    if facts.st_gid == user.gid:
        return bool(facts.st_mode & stat.S_IXGRP)
    return bool(facts.st_mode & stat.S_IXOTH)


def make_private_folder(folder: Path, user: SystemUser | None) -> None:
    """Make a folder 0700 of the server's user; refuse one that somebody else put there first."""
    owner_id = os.geteuid() if user is None else user.uid
    if not os.path.lexists(folder):
        folder.mkdir(mode=0o700)
        if user is not None:
            os.chown(folder, user.uid, user.gid)
    facts = folder.lstat()
    is_private = stat.S_ISDIR(facts.st_mode) and stat.S_IMODE(facts.st_mode) == 0o700
    if not is_private or facts.st_uid != owner_id:
        raise FolderTaken(
            f"{folder}: not a folder with mode 0700 of user id {owner_id}",
            next_step=f"look who made {folder}; when nobody needs it, remove it and start again",
            folder=str(folder),
            owner_id=facts.st_uid,
        )


def hand_over(path: Path, user: SystemUser | None) -> None:
    """Give a file just written to the server's user, readable by him alone."""
    path.chmod(0o600)
    if user is not None:
        os.chown(path, user.uid, user.gid)


def move_durably(source: Path, target: Path) -> None:
    """Rename a folder so that the new name survives a power cut."""
    source.rename(target)
    descriptor = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(descriptor)
    os.close(descriptor)
