"""The system user that runs the server when root starts it: PostgreSQL refuses to run as root."""

from __future__ import annotations

import pwd
import subprocess
from dataclasses import dataclass

from mingdu.main.environment import DependencyDown


class NoSystemUser(DependencyDown):
    """The system user does not exist and could not be created."""


@dataclass(frozen=True)
class SystemUser:
    """A user of the machine, by name and numbers."""

    name: str
    uid: int
    gid: int


def system_user(name: str = "mingdu", *, useradd: str = "useradd") -> SystemUser:
    """
    Return the system user, created if it is missing: no home, no shell, no password.

    useradd  the program that creates users
    raises   NoSystemUser
    """
    return known_user(name) or _create(name, useradd)


def known_user(name: str) -> SystemUser | None:
    """Return a user that the machine knows, else None."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return SystemUser(name, entry.pw_uid, entry.pw_gid)


def _create(name: str, useradd: str) -> SystemUser:
    options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    command = [useradd, *options, "--home-dir", "/nonexistent", name]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        said = answer.stderr.strip()
    except FileNotFoundError:
        said = "no such program"
    user = known_user(name)
    if user is None:
        raise NoSystemUser(
            f"the system user {name} is missing; {useradd}: {said}",
            next_step=f"create it: {' '.join(command)}",
            user=name,
        )
    return user
