"""What a backup says of itself (清单): read strictly, for it may have lain on a foreign disk for years."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from mingdu.errors import TradeError

from .target import NAME, Target, UnknownBackup, write_durably, write_json

SCHEMA = "mingdu/backup/1"
KINDS = ("full", "incremental")
MOST_BYTES = 256 * 1024 * 1024
WHOLE_MAX = 2**62
LSN = re.compile(r"[0-9A-F]{1,8}/[0-9A-F]{1,8}")
SHA256 = re.compile(r"[0-9a-f]{64}")
WORD = re.compile(r"[\w .:/+-]{1,200}")
HASH_SUM = re.compile(r"-?[0-9]{1,60}")
MANIFEST, FILES = "manifest.json", "files.jsonl"

Value = TypeVar("Value")


class BadManifest(TradeError):
    """A backup's manifest is missing, damaged, or of a form that this program does not know."""

    next_step = "restore from another backup: mingdu backup list"


@dataclass(frozen=True)
class KeptFile:
    """
    One file beside the database.

    path         relative, "attachments/ab/ab…"
    modified_ns  when it was changed, by which an unchanged file is known without reading it
    """

    path: str
    bytes: int
    modified_ns: int
    sha256: str


@dataclass(frozen=True)
class TableTotal:
    """Rows of a table and the sum of their hashes, which does not depend on their order."""

    rows: int
    hash: str


@dataclass(frozen=True)
class Totals:
    """The totals of all tables at one place of the log; `at` by the server's clock."""

    lsn: str
    at: datetime
    tables: Mapping[str, TableTotal]


@dataclass(frozen=True)
class Manifest:
    """
    One backup.

    parent           the backup on which an incremental one stands, else None
    log              the stretch of log that begins before it
    first_segment    the segment of the log from which it is recovered
    ended_at         from this instant on it can be restored to, by the server's clock
    database_sha256  of PostgreSQL's own manifest, which names every file of the cluster with its SHA-256
    settings         what a server that recovers it must not be smaller than
    keys_sha256      of the locked keys; files_sha256 of the list of files beside the database
    """

    name: str
    kind: str
    parent: str | None
    log: str
    first_segment: str
    system: str
    timeline: int
    server_version: int
    database: str
    role: str
    ended_at: datetime
    database_bytes: int
    database_sha256: str
    keys_sha256: str
    settings: Mapping[str, str]
    totals: Totals
    files_sha256: str
    files_count: int
    files_bytes: int

    @property
    def bytes(self) -> int:
        """What it holds: the copied database and the files, those shared with other backups included."""
        return self.database_bytes + self.files_bytes


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest into a backup's folder."""
    content = {"schema": SCHEMA, **asdict(manifest)}
    content["ended_at"] = manifest.ended_at.isoformat()
    content["totals"]["at"] = manifest.totals.at.isoformat()
    write_json(folder / MANIFEST, content)


def read_manifest(target: Target, name: str) -> Manifest:
    """
    Return the manifest of a complete backup.

    raises  UnknownBackup, BadManifest
    """
    path = target.backups / name / MANIFEST
    if not NAME.fullmatch(name) or not path.parent.is_dir():
        raise UnknownBackup(f"{target.folder}: no backup {name}", backup=name)
    if not path.is_file() or path.stat().st_size > MOST_BYTES:
        raise BadManifest(f"backup {name}: no manifest of at most {MOST_BYTES} bytes", backup=name)
    manifest = parse_manifest(path.read_bytes())
    if manifest.name != name:
        raise BadManifest(f"backup {name}: its manifest is that of {manifest.name}", backup=name)
    return manifest


def parse_manifest(data: bytes) -> Manifest:
    """Read a manifest; raises BadManifest for whatever `write_manifest` would not write."""
    try:
        found = json.loads(data)
        return _manifest(_mapping(found))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as cause:
        raise BadManifest(f"not a manifest of {SCHEMA}: {str(cause)[:200]}") from cause


def write_files(folder: Path, files: Iterable[KeptFile]) -> str:
    """Write the list of files into a backup's folder, one a line, and return its hash."""
    lines = "".join(json.dumps(asdict(each), ensure_ascii=False) + "\n" for each in files).encode()
    write_durably(folder / FILES, lines)
    return hashlib.sha256(lines).hexdigest()


def read_files(target: Target, manifest: Manifest) -> tuple[KeptFile, ...]:
    """Return the files beside the database that a backup names; raises BadManifest."""
    path = target.backups / manifest.name / FILES
    data = path.read_bytes() if path.is_file() and path.stat().st_size <= MOST_BYTES else b""
    if hashlib.sha256(data).hexdigest() != manifest.files_sha256:
        raise BadManifest(f"{path}: missing or damaged", backup=manifest.name, file=FILES)
    return tuple(kept_file(json.loads(line)) for line in data.splitlines())


def manifests(target: Target) -> list[Manifest]:
    """
    Return the manifests of all complete backups that can be read, the oldest first.

    A damaged one hinders neither the next backup nor a restore from its neighbours; the list names it.
    """
    found = []
    for name in target.names():
        with suppress(BadManifest):
            found.append(read_manifest(target, name))
    return found


def _manifest(found: Mapping[str, Any]) -> Manifest:
    if found["schema"] != SCHEMA or found["kind"] not in KINDS:
        raise ValueError(f"schema {found['schema']!r}, kind {found['kind']!r}")
    parent = found["parent"]
    if (parent is None) != (found["kind"] == "full"):
        raise ValueError(f"a {found['kind']} backup with parent {parent!r}")
    return Manifest(
        name=_text(found["name"], NAME),
        kind=found["kind"],
        parent=None if parent is None else _text(parent, NAME),
        log=_text(found["log"], NAME),
        first_segment=_text(found["first_segment"], re.compile(r"[0-9A-F]{24}")),
        system=_text(found["system"], re.compile(r"[0-9]{1,20}")),
        timeline=_whole(found["timeline"]),
        server_version=_whole(found["server_version"]),
        database=_text(found["database"], WORD),
        role=_text(found["role"], WORD),
        ended_at=instant(found["ended_at"]),
        database_bytes=_whole(found["database_bytes"]),
        database_sha256=_text(found["database_sha256"], SHA256),
        keys_sha256=_text(found["keys_sha256"], SHA256),
        settings=_mapped(found["settings"], lambda value: _text(value, WORD)),
        totals=_totals(_mapping(found["totals"])),
        files_sha256=_text(found["files_sha256"], SHA256),
        files_count=_whole(found["files_count"]),
        files_bytes=_whole(found["files_bytes"]),
    )


def kept_file(found: Any) -> KeptFile:
    """Read one file's entry; its path stays below the folder into which it is restored."""
    path = found["path"]
    parts = PurePosixPath(_text(path, re.compile(r"[^\x00]{1,1000}"))).parts
    if not parts or path.startswith("/") or ".." in parts or str(PurePosixPath(path)) != path:
        raise ValueError(f"path {path[:80]!r}")
    sha256 = _text(found["sha256"], SHA256)
    return KeptFile(path, _whole(found["bytes"]), _whole(found["modified_ns"]), sha256)


def instant(text: Any) -> datetime:
    """Read an aware instant; raises ValueError, TypeError."""
    found = datetime.fromisoformat(text)
    if found.utcoffset() is None:
        raise ValueError(f"{text!r} has no zone")
    return found


def _totals(found: Mapping[str, Any]) -> Totals:
    return Totals(_text(found["lsn"], LSN), instant(found["at"]), _mapped(found["tables"], _table_total))


def _table_total(found: Any) -> TableTotal:
    return TableTotal(_whole(found["rows"]), _text(found["hash"], HASH_SUM))


def _mapped(found: Any, read: Callable[[Any], Value]) -> dict[str, Value]:
    return {_text(name, WORD): read(value) for name, value in _mapping(found).items()}


def _mapping(found: Any) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise TypeError("an object is expected")
    return found


def _text(found: Any, form: re.Pattern[str]) -> str:
    if not isinstance(found, str) or not form.fullmatch(found):
        raise ValueError(f"{str(found)[:80]!r} is not of the form {form.pattern}")
    return found


def _whole(found: Any) -> int:
    if type(found) is not int or not 0 <= found <= WHOLE_MAX:
        raise ValueError(f"{str(found)[:80]!r} is no whole number")
    return found
