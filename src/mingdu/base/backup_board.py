"""What is known of the backups (备份): main says how it is read, the desks look at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .actors import Actor
from .permissions import require


@dataclass(frozen=True)
class BackupLine:
    """
    One backup.

    kind      "full", "incremental"; empty where that cannot be read
    ended_at  from this instant on it can be restored to
    state     "whole", "unfinished" or "damaged"
    """

    name: str
    began_at: datetime
    kind: str
    ended_at: datetime | None
    bytes: int
    state: str


@dataclass(frozen=True)
class BackupProof:
    """What the latest restore for proof has shown; `differences` are tables whose totals differ."""

    backup: str
    proven_at: datetime
    tables: int
    rows: int
    differences: tuple[str, ...]
    loss: timedelta
    recovery: timedelta


@dataclass(frozen=True)
class BackupFailure:
    """What failed since the latest run that did not."""

    run: str
    at: datetime
    said: str


@dataclass(frozen=True)
class BackupBoard:
    """
    The backups of this data folder; all instants by the real clock.

    log_until  until then everything can be restored; None: nothing was ever backed up
    loss       what would be lost now
    next_at    None: nothing runs by the clock yet
    """

    folder: str
    aimed_loss: timedelta
    aimed_recovery: timedelta
    log_until: datetime | None
    loss: timedelta | None
    next_at: datetime | None
    proof: BackupProof | None
    failure: BackupFailure | None
    bytes: int
    free_bytes: int
    lines: tuple[BackupLine, ...]

    @property
    def is_late(self) -> bool:
        """Tell whether more would be lost now than is aimed at."""
        return self.loss is not None and self.loss > self.aimed_loss

    @property
    def is_well(self) -> bool:
        """Tell whether nothing failed, nothing is late, and the latest proof holds."""
        return not (self.failure or self.is_late or (self.proof and self.proof.differences))


Reader = Callable[[], BackupBoard]

_readers: list[Reader] = []


def register_backups(reader: Reader) -> None:
    """Register how the backups are read; the latest one holds."""
    _readers[:] = [reader]


def backups_seen(by: Actor) -> BackupBoard | None:
    """Return what is known of the backups; None where nobody reads them. Raises NotPermitted."""
    require(by, "base.read_backups")
    return next((reader() for reader in _readers), None)
