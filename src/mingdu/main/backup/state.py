"""What is known of the backups, read from their folder: for the list, the board and /health."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta, tzinfo

from mingdu.base.backup_board import BackupBoard, BackupFailure, BackupLine, BackupProof
from mingdu.main.environment import Environment

from .files import free_bytes
from .log import Log, latest_log
from .manifest import BadManifest, instant, read_manifest
from .rules import backup_rules, next_run
from .schedule import is_under_way, latest_failure
from .target import PARTIAL, Target, began_at, target_of
from .verify import Proof, latest_proof

_PROOF = tuple(each.name for each in fields(BackupProof))
WHOLE, UNFINISHED, DAMAGED = "whole", "unfinished", "damaged"


@dataclass(frozen=True)
class KeptBackup:
    """
    One line of the list.

    kind, ended_at  None where its manifest cannot be read
    state           whole: it can be restored; unfinished: a run is at it, or was cut; damaged
    """

    name: str
    kind: str | None
    parent: str | None
    ended_at: datetime | None
    bytes: int
    state: str


def kept_backups(target: Target) -> list[KeptBackup]:
    """Return every backup, the newest first."""
    found = [_kept(target, name) for name in target.names()]
    for path in target.partials():
        found.append(KeptBackup(path.name.removesuffix(PARTIAL), None, None, None, 0, UNFINISHED))
    return sorted(found, key=lambda each: each.name, reverse=True)


def _state(target: Target, now: datetime) -> tuple[Log | None, Proof | None, BackupFailure | None]:
    """Return log, proof and failure; what cannot be read of them is a failure itself."""
    said = latest_failure(target)
    failure = BackupFailure(said["run"], instant(said["at"]), said["said"]) if said else None
    try:
        return latest_log(target), latest_proof(target), failure
    except BadManifest as damage:
        return None, None, BackupFailure("log", now, damage.message)


def _kept(target: Target, name: str) -> KeptBackup:
    try:
        manifest = read_manifest(target, name)
    except BadManifest:
        return KeptBackup(name, None, None, None, 0, DAMAGED)
    return KeptBackup(name, manifest.kind, manifest.parent, manifest.ended_at, manifest.bytes, WHOLE)


def board_of(environment: Environment, now: datetime, zone: tzinfo) -> BackupBoard:
    """
    Return what the board shows; reads only the small files of the target.

    now  real time
    """
    target, rules = target_of(environment), backup_rules()
    log, proof, failure = _state(target, now)
    found = kept_backups(target)
    return BackupBoard(
        folder=str(target.folder),
        aimed_loss=rules.loss,
        aimed_recovery=rules.recovery,
        log_until=log.until_at if log else None,
        loss=max(now - log.until_at, timedelta()) if log else None,
        next_at=next_run(rules, now.astimezone(zone)) if is_under_way(environment) else None,
        proof=BackupProof(**{name: getattr(proof, name) for name in _PROOF}) if proof else None,
        failure=failure,
        bytes=sum(each.bytes for each in found),
        free_bytes=free_bytes(target.folder) if target.folder.exists() else 0,
        lines=tuple(
            BackupLine(each.name, began_at(each.name), each.kind or "", each.ended_at, each.bytes, each.state)
            for each in found
        ),
    )
