"""Which meters hung at the points of a step, and with which multiplier on each day before it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from mingdu.core.instants import instant64, microseconds
from mingdu.core.types import Flags, Ints
from mingdu.metering.queries import installations_between
from mingdu.metering.queries.points import Installed
from mingdu.metering.store.columns import Connection
from mingdu.metering.zone import day_starts, midnight

from .steps import Step


@dataclass(frozen=True)
class Hung:
    """
    What hung at the points of a step.

    rows       int64 (row,)  which of the asked points had a meter in its days
    installed  meters since the first day of the history, by row and time
    latest     the latest one of each row within the step's days
    """

    rows: Ints
    installed: Installed
    latest: Installed

    @classmethod
    def of(cls, conn: Connection, ids: Ints, step: Step) -> Hung:
        """Look up what hung at some points."""
        first, end = midnight(step.first), midnight(step.last + timedelta(days=1))
        since = installations_between(conn, ids, midnight(step.history_first), end)
        in_step = since.take(since.valid_to > in_microseconds(first))
        is_latest = np.ones(len(in_step), dtype=bool)
        is_latest[:-1] = np.diff(in_step.row) != 0
        latest = in_step.take(is_latest)
        of_rows = since.take(np.isin(since.row, latest.row))
        installed = replace(of_rows, row=np.searchsorted(latest.row, of_rows.row))
        return cls(latest.row, installed, latest)

    def active(self, days: Ints) -> Flags:
        """Tell on which days a meter hung at each row at some time, bool (row, day)."""
        active = np.zeros((len(self.rows), len(days)), dtype=bool)
        np.logical_or.at(active, self.installed.row, self._overlaps(days))
        return active

    def multipliers(self, days: Ints) -> Ints:
        """Return the multiplier on each day, int64 (row, day); that of the latest meter where none hung."""
        multiplier = np.repeat(self.latest.multiplier[:, np.newaxis], len(days), axis=1)
        entry, day = np.nonzero(self._overlaps(days))
        # Written last, the later meter of a day stands.
        multiplier[self.installed.row[entry], day] = self.installed.multiplier[entry]
        return multiplier

    def _overlaps(self, days: Ints) -> Flags:
        edges = microseconds(day_starts(np.append(days, days[-1] + 1)))
        each = self.installed
        overlaps: Flags = (each.valid_from[:, np.newaxis] < edges[1:]) & (
            each.valid_to[:, np.newaxis] > edges[:-1]
        )
        return overlaps


def in_microseconds(at: datetime) -> int:
    """Return an instant as installations keep it: microseconds since 1970."""
    return int(microseconds(np.array([instant64(at)]))[0])
