"""Where backups lie: one folder with complete backups, the log between them, files by content, the proof."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from mingdu.errors import TradeError
from mingdu.main.environment import Environment, make_folder

NAME = re.compile(r"[0-9]{8}T[0-9]{6}\.[0-9]{3}Z")
PARTIAL = ".partial"
PATIENCE_SECONDS = 30


class UnknownBackup(TradeError):
    """The target holds no backup that serves."""

    next_step = "look at what there is: mingdu backup list"


@dataclass(frozen=True)
class Target:
    """
    One folder of backups, best on another disk or machine than the data.

    A backup is a folder under `backups` whose name is the instant at which it began (UTC). It is
    written under a name that ends in .partial and appears complete, by one rename.
    """

    folder: Path

    @property
    def backups(self) -> Path:
        return self.folder / "backups"

    @property
    def logs(self) -> Path:
        """Stretches of the database's log (WAL), one folder each."""
        return self.folder / "log"

    @property
    def files(self) -> Path:
        """Bytes of files, each once, named by its hash."""
        return self.folder / "files"

    @property
    def proof(self) -> Path:
        return self.folder / "proof.json"

    @property
    def failure(self) -> Path:
        return self.folder / "failure.json"

    def names(self) -> list[str]:
        """Return the complete backups, the oldest first."""
        found = self.backups.iterdir() if self.backups.is_dir() else ()
        return sorted(path.name for path in found if NAME.fullmatch(path.name))

    def partials(self) -> list[Path]:
        """Return what cut runs left behind."""
        found = self.backups.iterdir() if self.backups.is_dir() else ()
        return sorted(path for path in found if path.name.endswith(PARTIAL))


def target_of(environment: Environment, folder: Path | None = None) -> Target:
    """Return the target: the folder named, else MINGDU_BACKUP, else `backups` in the data folder."""
    chosen = folder or environment.backup_folder or environment.data_folder / "backups"
    return Target(chosen.resolve())


def name_of(instant: datetime) -> str:
    """Return the name of a backup that begins at an instant."""
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%S}.{instant.microsecond // 1000:03d}Z"


def began_at(name: str) -> datetime:
    """Return the instant that a backup's name tells."""
    return datetime.strptime(name, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)


def clear_partials(target: Target) -> list[str]:
    """Remove what cut runs left behind, after ending the programs of theirs that still write into it."""
    left = target.partials()
    for path in left:
        _end_writers(path)
        shutil.rmtree(path)
    return [path.name.removesuffix(PARTIAL) for path in left]


def write_durably(path: Path, content: bytes) -> None:
    """Write a file whole under its name: a cut leaves the one before."""
    make_folder(path.parent)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON object durably."""
    write_durably(path, json.dumps(content, ensure_ascii=False, indent=1).encode())


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def bytes_in(folder: Path) -> int:
    """Return the size of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _end_writers(folder: Path) -> None:
    # A killed run's pg_basebackup goes on for as long as the server sends; nobody waits for it any more.
    writers = [each for each in psutil.process_iter(["cmdline"]) if _writes_into(each, folder)]
    for writer in writers:
        writer.terminate()
    psutil.wait_procs(writers, PATIENCE_SECONDS)


def _writes_into(process: psutil.Process, folder: Path) -> bool:
    words = process.info["cmdline"] or ()
    return any(word.startswith(str(folder)) for word in words)
