"""Files beside the database: each content once, named by its hash, so that a backup costs what changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from mingdu.errors import TradeError
from mingdu.main.environment import Environment, make_folder

from .manifest import KeptFile
from .target import Target, sync_folder

PIECE_BYTES = 1024 * 1024
# What a data folder holds beside the database and the keys; logs and beats are worth nothing tomorrow.
IN_DATA_FOLDER = ("attachments", "sealed", "gateway", "town", "town.loaded", "clock.json")
IN_CHECKOUT = ("rules", "meters")


class BackupDamaged(TradeError):
    """A file of a backup is gone, or is not what was written."""

    next_step = (
        "restore from an earlier backup (--to before it), and make a new full one: mingdu backup --full"
    )


def roots_of(environment: Environment) -> dict[str, Path]:
    """Return what is kept, by the first part of its path in a backup."""
    data = {name: environment.data_folder / name for name in IN_DATA_FOLDER}
    return data | {name: environment.checkout / name for name in IN_CHECKOUT}


def keep_files(target: Target, roots: Mapping[str, Path], known: Iterable[KeptFile]) -> tuple[KeptFile, ...]:
    """
    Bring every file under the roots into the store and return what there is.

    known  of the backup before: a file of the same path, size and time of change is not read again
    """
    kept = {(each.path, each.bytes, each.modified_ns): each for each in known}
    return tuple(_keep(target, name, path, kept) for name, path in _files_under(roots))


def take_out(target: Target, files: Iterable[KeptFile], folder: Path) -> int:
    """
    Write files from the store into a folder, each proven by its hash; returns how many.

    raises  BackupDamaged naming the file
    """
    count = 0
    for each in files:
        path = folder / each.path
        make_folder(path.parent)
        if _copy(_in_store(target, each.sha256), path) != each.sha256:
            path.unlink()
            raise damaged(each)
        os.utime(path, ns=(each.modified_ns, each.modified_ns))
        count += 1
    return count


def refuse_damaged(target: Target, files: Iterable[KeptFile]) -> None:
    """Read the store and refuse what is missing or changed; raises BackupDamaged naming the file."""
    for each in files:
        if hash_of(_in_store(target, each.sha256)) != each.sha256:
            raise damaged(each)


def remove_unnamed(target: Target, named: set[str]) -> int:
    """Remove what no kept backup names from the store; returns how many bytes that freed."""
    freed = 0
    for path in target.files.glob("??/*"):
        if path.name not in named:
            freed += path.stat().st_size
            path.unlink()
    return freed


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes; of one that is not there, an empty text."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def damaged(file: KeptFile) -> BackupDamaged:
    """The error that names a file of the store."""
    return BackupDamaged(f"{file.path}: its bytes are missing or damaged", file=file.path, sha256=file.sha256)


def _files_under(roots: Mapping[str, Path]) -> Iterator[tuple[str, Path]]:
    for name, root in roots.items():
        for path in (root, *sorted(root.rglob("*"))):
            # A file that somebody is just writing has not got its name yet; it is the next backup's.
            if path.is_file() and not path.is_symlink() and not path.name.startswith((".", "tmp")):
                yield (Path(name) / path.relative_to(root)).as_posix(), path


def _keep(target: Target, name: str, path: Path, kept: dict[tuple[str, int, int], KeptFile]) -> KeptFile:
    facts = path.stat()
    known = kept.get((name, facts.st_size, facts.st_mtime_ns))
    if known is not None and _in_store(target, known.sha256).exists():
        return known
    make_folder(target.files)
    with tempfile.NamedTemporaryFile(dir=target.files, delete=False) as fresh:
        made = Path(fresh.name)
    digest = _copy(path, made)
    place = _in_store(target, digest)
    if hash_of(place) == digest:
        made.unlink()
    else:
        make_folder(place.parent)
        made.replace(place)
        sync_folder(place.parent)
    return KeptFile(name, place.stat().st_size, facts.st_mtime_ns, digest)


def _copy(source: Path, path: Path) -> str:
    """Copy bytes durably and return their hash; a source that is gone gives an empty text."""
    digest = hashlib.sha256()
    with path.open("wb") as copy:
        if not source.is_file():
            return ""
        with source.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                digest.update(piece)
                copy.write(piece)
        copy.flush()
        os.fsync(copy.fileno())
    return digest.hexdigest()


def _in_store(target: Target, digest: str) -> Path:
    return target.files / digest[:2] / digest


def clear_unfinished(target: Target) -> None:
    """Remove what a cut run left half copied in the store."""
    for path in target.files.glob("tmp*"):
        path.unlink()


def size_of_store(target: Target) -> int:
    """Return the bytes of the store."""
    return sum(path.stat().st_size for path in target.files.glob("??/*"))


def free_bytes(folder: Path) -> int:
    """Return what the disk of a folder has left."""
    return shutil.disk_usage(folder).free
