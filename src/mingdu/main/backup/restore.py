"""A data folder brought back to an instant: database, files, keys."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from mingdu.errors import TradeError
from mingdu.main.database.launcher import halt
from mingdu.main.database.places import (
    Places,
    held,
    make_private_folder,
    move_durably,
    places_of,
    refuse_unreachable,
)
from mingdu.main.database.programs import find_programs
from mingdu.main.environment import Environment, make_folder

from .files import IN_CHECKOUT, IN_DATA_FOLDER, take_out
from .locked_keys import SECRET, Keys, unlock, write_keys
from .plan import plan_to, refuse_unsound
from .recover import Recovery, build, refuse_other_major, roll_forward
from .run import Tell
from .target import Target, name_of

# Rules and meters belong to the checkout; they are put beside the data, to be compared.
BESIDE = "restored"
# Where a restore works, on the same disk, so that all takes its place by renames.
WORK = "restoring"


class FolderInUse(TradeError):
    """The data folder holds a database; a restore would take its place."""


@dataclass(frozen=True)
class Order:
    """
    What is to be restored.

    to        the instant; None: the latest that the log knows
    into      the data folder
    key       the recovery key; None: without keys, which the program then makes anew
    replaces  take the place of the database that is there; it is kept beside
    """

    target: Target
    to: datetime | None
    into: Path
    key: str | None
    replaces: bool = False


@dataclass(frozen=True)
class Restored:
    """
    What came of it.

    latest_at  when the latest change in it was committed; None: nothing after the backup
    lost       between that instant and the end of what the log knows: changes thrown away by `to`
    kept_as    where the database is that was there before
    is_ours    our launcher can start it; else it is the cluster of a server of others
    """

    backup: str
    cluster: Path
    latest_at: datetime | None
    lost: timedelta
    files: int
    kept_as: tuple[str, ...]
    is_ours: bool


def restore(environment: Environment, order: Order, tell: Tell) -> Restored:
    """
    Restore into a data folder; whatever fails, nothing of it has taken a place there.

    raises  FolderInUse, UnknownBackup, BeyondLog, WrongRecoveryKey, BackupDamaged, RecoveryFailed,
            ServerNotServed and those of the launcher
    """
    place = replace(environment, data_folder=order.into, database_url=None)
    places, programs = places_of(place), find_programs(environment.pg_bin)
    refuse_unreachable(places.data_folder, programs.user, environment.checkout)
    plan = plan_to(order.target, order.to)
    refuse_other_major(plan, programs)
    keys = {} if order.key is None else unlock(plan.locked_keys, order.key)
    with held(places.lock):
        _refuse_taken(places, order)
        tell("check")
        refuse_unsound(plan, programs)
        with _working(place) as work:
            recovery = Recovery(plan, work, programs)
            tell("database")
            build(recovery)
            tell("log")
            latest_at = roll_forward(recovery)
            tell("files")
            count = take_out(plan.target, plan.files, work.data_folder / BESIDE)
            make_private_folder(places.folder, programs.user)
            halt(places, programs)
            kept = _take_places(places, work, keys, name_of(plan.to))
    lost = max(plan.log.until_at - plan.to, timedelta())
    is_ours = (plan.backup.database, plan.backup.role) == ("mingdu", "mingdu")
    return Restored(plan.backup.name, places.cluster, latest_at, lost, count, kept, is_ours)


def _refuse_taken(places: Places, order: Order) -> None:
    if not places.cluster.exists() or order.replaces:
        return
    raise FolderInUse(
        f"{places.data_folder}: a database is there",
        next_step="name an empty folder: --into FOLDER; or --replace, which keeps the old one beside the new",
        data_folder=str(places.data_folder),
    )


@contextmanager
def _working(environment: Environment) -> Iterator[Places]:
    """Give places to work in, with a socket of their own; what is left of them goes in the end."""
    work = places_of(replace(environment, data_folder=environment.data_folder / WORK))
    make_folder(work.data_folder)
    try:
        yield work
    finally:
        for folder in (work.data_folder, work.socket_folder):
            shutil.rmtree(folder, ignore_errors=True)


def _take_places(places: Places, work: Places, keys: Keys, stamp: str) -> tuple[str, ...]:
    """Move everything restored to its name; what was there is kept with the instant in its own."""
    kept = []
    fresh = work.data_folder / BESIDE
    moves = [(work.making, places.cluster)]
    moves += [(fresh / name, places.data_folder / name) for name in IN_DATA_FOLDER]
    moves += [(fresh / name, places.data_folder / BESIDE / name) for name in IN_CHECKOUT]
    if keys:
        write_keys(fresh, keys)
        moves += [(fresh / name, places.data_folder / name) for name in SECRET]
    make_folder(places.data_folder / BESIDE)
    for source, target in moves:
        if not source.exists():
            continue
        if target.exists():
            kept.append(str(_set_aside(target, stamp)))
        move_durably(source, target)
    return tuple(kept)


def _set_aside(path: Path, stamp: str) -> Path:
    aside = path.with_name(f"{path.name}.before-{stamp}")
    number = 2
    while aside.exists():
        aside = path.with_name(f"{path.name}.before-{stamp}-{number}")
        number += 1
    move_durably(path, aside)
    return aside
