"""The log archive (日志归档): what the database wrote after a backup, fetched in helpings, without a gap."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import zlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import psycopg

from mingdu.main.database.places import make_private_folder

from .files import BackupDamaged
from .manifest import BadManifest, instant
from .source import LOG_LOCK, ServerFacts, Source, facts_of
from .target import NAME, Target, name_of, sync_folder, write_json
from .totals import mark

SCHEMA = "mingdu/backup-log/1"
SEGMENT = re.compile(r"[0-9A-F]{24}")
HISTORY = re.compile(r"[0-9A-F]{8}\.history")
PACKED, PARTIAL = ".gz", ".partial"
# Fast: a segment that is half empty shrinks to what is in it all the same.
PACK_LEVEL = 1
LOG_FILE = "log.json"


@dataclass(frozen=True)
class Log:
    """
    One stretch of log without a gap.

    name      the instant at which it begins
    until_at  every commit until this instant, by the server's clock, is in it
    """

    name: str
    system: str
    timeline: int
    until_lsn: str
    until_at: datetime


def fetch_log(source: Source, target: Target) -> Log:
    """
    Fetch what was written since the last time, and return the stretch with how far it goes now.

    Goes on where it ended; after a gap (the server was restored, or kept the log no longer) a new
    stretch begins, from which only backups made later can be rolled forward.

    raises  ProgramFailed
    """
    with source.connected() as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (LOG_LOCK,))
        facts = facts_of(connection)
        log = _going_on(connection, target, facts) or _begin(source, connection, target, facts)
        lsn, at = mark(connection)
        folder = target.logs / log.name
        _receive(source, target, folder, lsn)
        for segment in sorted(path for path in folder.iterdir() if SEGMENT.fullmatch(path.name)):
            _pack(segment)
        log = replace(log, until_lsn=lsn, until_at=at)
        _write(target, log)
    return log


def latest_log(target: Target) -> Log | None:
    """Return the stretch that is written now, or was written last."""
    names = log_names(target)
    return read_log(target, names[-1]) if names else None


def log_names(target: Target) -> list[str]:
    """Return the stretches that have a helping, the oldest first."""
    found = target.logs.iterdir() if target.logs.is_dir() else ()
    return sorted(path.name for path in found if NAME.fullmatch(path.name) and (path / LOG_FILE).exists())


def read_log(target: Target, name: str) -> Log:
    """Return a stretch; raises BadManifest."""
    try:
        found = json.loads((target.logs / name / LOG_FILE).read_bytes())
        if found["schema"] != SCHEMA:
            raise ValueError(found["schema"])
        lsn = re.fullmatch(r"[0-9A-F]{1,8}/[0-9A-F]{1,8}", found["until_lsn"])
        if lsn is None:
            raise ValueError(found["until_lsn"])
        return Log(name, str(found["system"]), int(found["timeline"]), lsn[0], instant(found["until_at"]))
    except (OSError, ValueError, TypeError, KeyError) as cause:
        raise BadManifest(f"the log {name} does not say what it is: {str(cause)[:200]}", log=name) from cause


def segments_from(target: Target, name: str, first: str) -> dict[str, Path]:
    """Return the files of a stretch from a segment on, by the name under which a server asks for them."""
    found: dict[str, Path] = {}
    for path in sorted((target.logs / name).iterdir(), key=_wholeness):
        segment = path.name.removesuffix(PACKED).removesuffix(PARTIAL)
        if HISTORY.fullmatch(segment) or (SEGMENT.fullmatch(segment) and segment >= first):
            found[segment] = path
    return found


def lay_out(segments: dict[str, Path], folder: Path) -> None:
    """
    Put segments, unpacked, where a recovering server takes them from.

    raises  BackupDamaged naming the segment
    """
    for name, path in segments.items():
        try:
            with (folder / name).open("wb") as plain, path.open("rb") as kept:
                shutil.copyfileobj(gzip.GzipFile(fileobj=kept) if path.suffix == PACKED else kept, plain)
        except (OSError, EOFError, zlib.error) as cause:
            raise BackupDamaged(f"{path.name}: the log is damaged: {cause}", file=path.name) from cause


def forget_segments(target: Target, name: str, before: str) -> None:
    """Remove the segments of a stretch that no backup needs any more."""
    for path in (target.logs / name).iterdir():
        segment = path.name.removesuffix(PACKED)
        if SEGMENT.fullmatch(segment) and segment < before:
            path.unlink()


def slot_of(target: Target) -> str:
    """Return the name of the slot by which a server keeps its log for a target."""
    return f"mingdu_{hashlib.sha256(str(target.folder).encode()).hexdigest()[:8]}"


def drop_slot(connection: psycopg.Connection, target: Target) -> None:
    """Let a server keep its log for a target no longer."""
    connection.execute(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s",
        (slot_of(target),),
    )


def lsn_number(lsn: str) -> int:
    """Return a place of the log as a number of bytes."""
    high, low = lsn.split("/")
    return int(high, 16) << 32 | int(low, 16)


def segment_of(lsn: str, timeline: int, segment_bytes: int) -> str:
    """Return the name of the segment that holds a place of the log."""
    number, in_file = lsn_number(lsn) // segment_bytes, 2**32 // segment_bytes
    return f"{timeline:08X}{number // in_file:08X}{number % in_file:08X}"


def _going_on(connection: psycopg.Connection, target: Target, facts: ServerFacts) -> Log | None:
    try:
        log = latest_log(target)
    except BadManifest:
        # Whoever restores from it is told; the log itself goes on in a new stretch.
        return None
    if log is None or (log.system, log.timeline) != (facts.system, facts.timeline):
        return None
    kept = connection.execute(
        "SELECT 1 FROM pg_replication_slots WHERE slot_name = %s AND wal_status <> 'lost'", (slot_of(target),)
    ).fetchone()
    return log if kept else None


def _begin(source: Source, connection: psycopg.Connection, target: Target, facts: ServerFacts) -> Log:
    drop_slot(connection, target)
    source.run("pg_receivewal", ["--slot", slot_of(target), "--create-slot", "--if-not-exists"])
    log = Log(name_of(facts.now), facts.system, facts.timeline, "0/0", facts.now)
    make_private_folder(target.logs / log.name, source.programs.user)
    return log


def _receive(source: Source, target: Target, folder: Path, lsn: str) -> None:
    # It ends when it is beyond the place; the place itself is the end of what we wait for.
    place = lsn_number(lsn) - 1
    upto = ["--endpos", f"{place >> 32:X}/{place & 0xFFFFFFFF:X}", "--no-loop", "--status-interval", "1"]
    source.run("pg_receivewal", ["--directory", str(folder), "--slot", slot_of(target), *upto])


def _pack(segment: Path) -> None:
    packed = segment.with_name(segment.name + PACKED)
    fresh = segment.with_name(f".{packed.name}")
    with segment.open("rb") as plain, fresh.open("wb") as file:
        with gzip.GzipFile("", "wb", PACK_LEVEL, file, mtime=0) as squeezed:
            shutil.copyfileobj(plain, squeezed)
        file.flush()
        os.fsync(file.fileno())
    # pg_receivewal looks for where it left off, so the packed file belongs to whoever runs it.
    shutil.chown(fresh, segment.stat().st_uid, segment.stat().st_gid)
    fresh.chmod(0o600)
    fresh.replace(packed)
    segment.unlink()
    sync_folder(segment.parent)


def _write(target: Target, log: Log) -> None:
    content = {
        "schema": SCHEMA, "system": log.system, "timeline": log.timeline,
        "until_lsn": log.until_lsn, "until_at": log.until_at.isoformat(),
    }  # fmt: skip
    write_json(target.logs / log.name / LOG_FILE, content)


def _wholeness(path: Path) -> tuple[str, int]:
    """Sort a whole segment behind a partial one of the same name, so that the whole one is taken."""
    return path.name[:24], [PARTIAL, PACKED].index(path.suffix) if path.suffix in (PARTIAL, PACKED) else 2
