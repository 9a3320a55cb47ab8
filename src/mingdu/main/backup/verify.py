"""The proof (备份验证): the latest backup restored beside the live database, compared and timed."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mingdu.main.database.places import make_private_folder, places_of
from mingdu.main.database.programs import find_programs
from mingdu.main.environment import Environment, make_folder

from .files import take_out
from .manifest import BadManifest, TableTotal, instant
from .plan import plan_to, refuse_unsound
from .recover import Recovery, build, put_away, refuse_other_major, roll_forward, stopped_at_totals
from .run import Tell
from .target import Target, write_json
from .totals import restored_totals

SCHEMA = "mingdu/backup-proof/1"
BESIDE = "backup-proof"
SHOWN = 20


@dataclass(frozen=True)
class Proof:
    """
    What a restore of the latest backup has shown.

    differences  tables whose totals are not those of the backup; none: proven
    loss         from the latest change that came back to the moment of the proof
    recovery     from the beginning to a database that takes connections, checks and files included, the
                 comparison left out
    """

    backup: str
    proven_at: datetime
    tables: int
    rows: int
    differences: tuple[str, ...]
    loss: timedelta
    recovery: timedelta

    @property
    def is_equal(self) -> bool:
        return not self.differences


def verify(environment: Environment, target: Target, now: datetime, tell: Tell) -> Proof:
    """
    Restore the latest backup beside the live database, compare, measure, and keep the proof.

    now     the moment of the proof: what was committed before it and is not restored would be lost
    raises  UnknownBackup, BackupDamaged, RecoveryFailed, ServerNotServed
    """
    started = time.monotonic()
    plan, programs = plan_to(target, None), find_programs(environment.pg_bin)
    refuse_other_major(plan, programs)
    place = replace(environment, data_folder=environment.data_folder / BESIDE, database_url=None)
    make_folder(place.data_folder)
    recovery = Recovery(plan, places_of(place), programs)
    try:
        tell("check")
        refuse_unsound(plan, programs)
        tell("database")
        build(recovery)
        tell("totals")
        with stopped_at_totals(recovery) as connection:
            began = time.monotonic()
            found = restored_totals(connection)
            compared_for = time.monotonic() - began
        tell("log")
        latest_at = roll_forward(recovery) or plan.backup.ended_at
        tell("files")
        make_private_folder(recovery.places.folder / "files", programs.user)
        take_out(target, plan.files, recovery.places.folder / "files")
        seconds = time.monotonic() - started - compared_for
    finally:
        put_away(recovery)
    proof = Proof(
        plan.backup.name,
        now,
        len(found),
        sum(each.rows for each in found.values()),
        _differences(plan.backup.totals.tables, found),
        max(now - latest_at, timedelta()),
        timedelta(seconds=seconds),
    )
    _keep(target, proof)
    return proof


def latest_proof(target: Target) -> Proof | None:
    """Return the proof that was kept last; raises BadManifest when it cannot be read."""
    if not target.proof.exists():
        return None
    try:
        found = json.loads(target.proof.read_bytes())
        return Proof(
            str(found["backup"]),
            instant(found["proven_at"]),
            int(found["tables"]),
            int(found["rows"]),
            tuple(str(name) for name in list(found["differences"])),
            timedelta(seconds=float(found["loss_seconds"])),
            timedelta(seconds=float(found["recovery_seconds"])),
        )
    except (ValueError, TypeError, KeyError) as cause:
        raise BadManifest(f"{target.proof}: {str(cause)[:200]}", file=str(target.proof)) from cause


def proof_as_json(proof: Proof) -> dict[str, object]:
    """Return the object that is kept and printed."""
    return {
        "schema": SCHEMA,
        "backup": proof.backup,
        "proven_at": proof.proven_at.isoformat(),
        "is_equal": proof.is_equal,
        "tables": proof.tables,
        "rows": proof.rows,
        "differences": list(proof.differences),
        "loss_seconds": round(proof.loss.total_seconds(), 3),
        "recovery_seconds": round(proof.recovery.total_seconds(), 3),
    }


def _differences(expected: Mapping[str, TableTotal], found: Mapping[str, TableTotal]) -> tuple[str, ...]:
    names = sorted(expected.keys() | found.keys())
    return tuple(name for name in names if expected.get(name) != found.get(name))[:SHOWN]


def _keep(target: Target, proof: Proof) -> None:
    write_json(target.proof, proof_as_json(proof))
