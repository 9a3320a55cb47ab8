"""One backup from its beginning to its name: log, database, files, keys, totals; then what is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg

from mingdu.errors import TradeError
from mingdu.main.database.cluster import PASSWORD
from mingdu.main.database.places import make_private_folder, move_durably
from mingdu.main.environment import Environment, make_folder

from .files import clear_unfinished, hash_of, keep_files, roots_of
from .locked_keys import keys_in, lock, recovery_key
from .log import Log, drop_slot, fetch_log, segment_of
from .manifest import BadManifest, KeptFile, Manifest, manifests, read_files, write_files, write_manifest
from .prune import prune
from .rules import FULL, INCREMENTAL, backup_rules
from .source import FIRST_INCREMENTAL, RUN_LOCK, ServerFacts, Source, facts_of, is_locked, source_of
from .target import PARTIAL, Target, bytes_in, clear_partials, name_of, target_of, write_durably
from .totals import mark, take_totals

DATABASE, KEYS = "database", "keys.locked"
SERVER_MANIFEST = "backup_manifest"
# Says in the data folder that workers go on with what a person has begun.
BEGUN = "backup_begun"

Tell = Callable[[str], None]


class BackupRunning(TradeError):
    """Another process makes a backup of this database just now."""

    next_step = "wait until it is done: mingdu backup list"


@dataclass(frozen=True)
class Made:
    """A backup just made; new_key is the recovery key when this run made it, to be shown once."""

    manifest: Manifest
    folder: Path
    new_key: str | None
    cleared: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True)
class _Job:
    """What the steps of one run share."""

    environment: Environment
    source: Source
    target: Target
    facts: ServerFacts
    tell: Tell


def back_up(environment: Environment, folder: Path | None, is_full: bool, tell: Tell) -> Made:
    """
    Make a backup and return it; only then older ones are removed.

    folder   the target; None: MINGDU_BACKUP, else `backups` in the data folder
    is_full  else an incremental one where the server can make it upon an earlier one
    raises   BackupRunning, DatabaseBusy, ProgramFailed and those of `source_of`
    """
    source = source_of(environment)
    with source.connected() as guard:
        if not is_locked(guard, RUN_LOCK):
            raise BackupRunning(f"a backup of {source.database} is running", database=source.database)
        return back_up_alone(environment, source, guard, folder, is_full, tell)


def back_up_alone(
    environment: Environment,
    source: Source,
    guard: psycopg.Connection,
    folder: Path | None,
    is_full: bool,
    tell: Tell,
) -> Made:
    """Make a backup; `guard` is the connection that holds RUN_LOCK."""
    target = target_of(environment, folder)
    for each in (target.backups, target.logs, target.files):
        make_folder(each)
    cleared = clear_partials(target)
    clear_unfinished(target)
    job = _Job(environment, source, target, facts_of(guard), tell)
    key, is_new = recovery_key(environment.data_folder)
    manifest = _make(job, guard, is_full, key)
    if target == target_of(environment):
        write_durably(environment.data_folder / BEGUN, str(target.folder).encode())
    else:
        # Nobody comes again to fetch the log for a folder that was named only this once.
        drop_slot(guard, target)
    removed = prune(target, backup_rules().keep_full)
    return Made(manifest, target.backups / manifest.name, key if is_new else None, tuple(cleared), removed)


def _make(job: _Job, guard: psycopg.Connection, is_full: bool, key: str) -> Manifest:
    job.tell("log")
    log = fetch_log(job.source, job.target)
    earlier = manifests(job.target)
    parent = None if is_full else _parent(job, guard, earlier)
    folder = job.target.backups / (name_of(log.until_at) + PARTIAL)
    make_private_folder(folder, job.source.programs.user)
    job.tell("database")
    _copy_database(job, folder / DATABASE, parent)
    _, ended_at = mark(guard)
    job.tell("files")
    files = keep_files(job.target, roots_of(job.environment), _known_files(job.target, earlier))
    write_durably(folder / KEYS, lock(keys_in(job.environment.data_folder), key))
    job.tell("totals")
    manifest = _manifest(job, folder, log, parent, ended_at, files)
    # The place of the totals has to be in the log before the backup has its name.
    fetch_log(job.source, job.target)
    write_manifest(folder, manifest)
    move_durably(folder, job.target.backups / manifest.name)
    return manifest


def _parent(job: _Job, guard: psycopg.Connection, earlier: list[Manifest]) -> Manifest | None:
    """Return the backup on which an incremental one can stand, else None."""
    facts = job.facts
    if facts.version // 10_000 < FIRST_INCREMENTAL or not facts.summarizes:
        return None
    alike = [each for each in earlier if (each.system, each.timeline) == (facts.system, facts.timeline)]
    if not alike or not (job.target.backups / alike[-1].name / DATABASE / SERVER_MANIFEST).exists():
        return None
    start = server_manifest(job.target.backups / alike[-1].name / DATABASE)[0]
    row = guard.execute(
        "SELECT min(start_lsn) <= %s::pg_lsn FROM pg_available_wal_summaries()", (start,)
    ).fetchone()
    return alike[-1] if row is not None and row[0] else None


def _known_files(target: Target, earlier: list[Manifest]) -> tuple[KeptFile, ...]:
    """Return the files of the backup before; when its list is damaged every file is read anew."""
    try:
        return read_files(target, earlier[-1]) if earlier else ()
    except BadManifest:
        return ()


def _copy_database(job: _Job, folder: Path, parent: Manifest | None) -> None:
    options = ["--wal-method=stream", "--checkpoint=fast", "--manifest-checksums=SHA256"]
    if parent is not None:
        options.append(f"--incremental={job.target.backups / parent.name / DATABASE / SERVER_MANIFEST}")
    job.source.run("pg_basebackup", ["--pgdata", str(folder), *options])
    # The password of the database is a secret in clear; a restored database gets a new one.
    (folder / PASSWORD).unlink(missing_ok=True)


def _manifest(
    job: _Job,
    folder: Path,
    log: Log,
    parent: Manifest | None,
    ended_at: datetime,
    files: tuple[KeptFile, ...],
) -> Manifest:
    start, timeline = server_manifest(folder / DATABASE)
    return Manifest(
        name=folder.name.removesuffix(PARTIAL),
        kind=FULL if parent is None else INCREMENTAL,
        parent=None if parent is None else parent.name,
        log=log.name,
        first_segment=segment_of(start, timeline, job.facts.segment_bytes),
        system=job.facts.system,
        timeline=timeline,
        server_version=job.facts.version,
        database=job.source.database,
        role=job.facts.role,
        ended_at=ended_at,
        database_bytes=bytes_in(folder / DATABASE),
        database_sha256=hash_of(folder / DATABASE / SERVER_MANIFEST),
        keys_sha256=hash_of(folder / KEYS),
        settings=job.facts.settings,
        totals=take_totals(job.source),
        files_sha256=write_files(folder, files),
        files_count=len(files),
        files_bytes=sum(each.bytes for each in files),
    )


def server_manifest(database: Path) -> tuple[str, int]:
    """Return where in the log, and on which timeline, recovery of a copied database begins."""
    ranges = json.loads((database / SERVER_MANIFEST).read_bytes())["WAL-Ranges"]
    return ranges[0]["Start-LSN"], ranges[0]["Timeline"]
