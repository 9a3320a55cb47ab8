"""Which backup, with which log, leads to an instant; and whether all of it is whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mingdu.errors import TradeError
from mingdu.main.database.cluster import PASSWORD
from mingdu.main.database.programs import ProgramFailed, Programs

from .files import BackupDamaged, hash_of, refuse_damaged
from .late_files import GROWING, late_files
from .log import Log, read_log, segments_from
from .manifest import KeptFile, Manifest, manifests, read_files, read_manifest
from .run import DATABASE, KEYS, SERVER_MANIFEST
from .target import Target, UnknownBackup

_SAID = re.compile(r"error: (.+)")


class BeyondLog(TradeError):
    """The log of the backups does not reach that instant."""


@dataclass(frozen=True)
class Plan:
    """
    The way to an instant.

    chain  the full backup and the incremental ones upon it, in their order; the last one is recovered
    to     the instant
    """

    target: Target
    chain: tuple[Manifest, ...]
    log: Log
    to: datetime
    files: tuple[KeptFile, ...]

    @property
    def backup(self) -> Manifest:
        """The backup from which the log is rolled forward."""
        return self.chain[-1]

    @property
    def folders(self) -> list[Path]:
        """The copied databases of the chain."""
        return [self.target.backups / each.name / DATABASE for each in self.chain]

    @property
    def segments(self) -> dict[str, Path]:
        """The files of the log that recovery needs."""
        return segments_from(self.target, self.log.name, self.backup.first_segment)

    @property
    def locked_keys(self) -> bytes:
        """The locked keys of the backup; raises BackupDamaged."""
        path = self.target.backups / self.backup.name / KEYS
        if hash_of(path) != self.backup.keys_sha256:
            raise BackupDamaged(f"{path}: missing or damaged", file=str(path))
        return path.read_bytes()


def plan_to(target: Target, to: datetime | None) -> Plan:
    """
    Return the way to an instant; None: to the latest that the log knows.

    raises  UnknownBackup: none is that old; BeyondLog; BadManifest
    """
    found = manifests(target)
    fit = [each for each in found if to is None or each.ended_at <= to]
    if not fit:
        first = f"the first one ended at {found[0].ended_at.isoformat()}" if found else "there is none"
        raise UnknownBackup(
            f"{target.folder}: no backup ended before that; {first}", folder=str(target.folder)
        )
    log = read_log(target, fit[-1].log)
    if to is not None and to > log.until_at:
        raise BeyondLog(
            f"the log of backup {fit[-1].name} ends at {log.until_at.isoformat()}, before {to.isoformat()}",
            next_step=f"mingdu restore --to {log.until_at.isoformat()}; --to latest for the newest there is",
            until=log.until_at.isoformat(),
        )
    to = to or log.until_at
    return Plan(target, _chain(target, fit[-1]), log, to, _files(target, found, fit[-1], log, to))


def refuse_unsound(plan: Plan, programs: Programs) -> None:
    """
    Read everything that a restore would read, and refuse what is not as it was written.

    raises  BackupDamaged naming the file
    """
    for manifest, folder in zip(plan.chain, plan.folders, strict=True):
        if hash_of(folder / SERVER_MANIFEST) != manifest.database_sha256:
            raise BackupDamaged(f"{folder / SERVER_MANIFEST}: missing or damaged", backup=manifest.name)
        try:
            programs.run(
                "pg_verifybackup", ["--quiet", "--exit-on-error", f"--ignore={PASSWORD}", str(folder)]
            )
        except ProgramFailed as cause:
            said = str(cause.values["said"])
            raise BackupDamaged(
                f"backup {manifest.name}: {'; '.join(_SAID.findall(said)) or said}", backup=manifest.name
            ) from cause
    refuse_damaged(plan.target, plan.files)


def _chain(target: Target, manifest: Manifest) -> tuple[Manifest, ...]:
    chain = [manifest]
    while chain[0].parent is not None:
        chain.insert(0, read_manifest(target, chain[0].parent))
    return tuple(chain)


def _files(
    target: Target, found: list[Manifest], backup: Manifest, log: Log, to: datetime
) -> tuple[KeptFile, ...]:
    """The backup's files, and what grew until the instant; one too many does no harm, for no row names it."""
    by_path = {each.path: each for each in _grown(target, found, backup, log, to)}
    return tuple((by_path | {each.path: each for each in read_files(target, backup)}).values())


def _grown(
    target: Target, found: list[Manifest], backup: Manifest, log: Log, to: datetime
) -> Iterator[KeptFile]:
    late = late_files(target, log.name)
    # What was written just before the instant was noted by the look that came next after it.
    end = min((until for until, _ in late if until >= to), default=to)
    yield from (each for until, each in late if until <= end)
    following = next((each for each in found if each.name > backup.name), None)
    if following is not None and following.log == log.name:
        yield from (each for each in read_files(target, following) if each.path.split("/")[0] in GROWING)
