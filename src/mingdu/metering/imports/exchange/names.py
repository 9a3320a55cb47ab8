"""Foreign numbers of usage points: of a file given by hand, of the register of aliases, our codes, meters."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mingdu.core.instants import microseconds
from mingdu.core.types import Times
from mingdu.errors import TradeError
from mingdu.metering.imports.parsed import NOT_KNOWN
from mingdu.metering.queries.aliases import aliased_points, points_of_meter
from mingdu.metering.queries.points import STILL_INSTALLED, ids_of_codes
from mingdu.metering.store.columns import Connection

HEADER: Final = ["number", "usage_point"]


class BadPointsFile(TradeError):
    """A file of points has another header or a line without two cells, or names one number twice."""

    next_step = "write a CSV file with the header number,usage_point"


@dataclass
class PointNames:
    """
    Finds usage points by what a file calls them, and remembers them.

    kind     kind of the aliases that are asked: "nmi", "mrid", "location", "account"
    by_hand  numbers with the codes of their usage points; they go first
    """

    conn: Connection
    kind: str
    by_hand: Mapping[str, str] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)
    meters: dict[str, list[tuple[int, int, int]]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)

    def find(self, point: str, meter: str, instants: Times) -> int:
        """
        Return the id of a usage point; NOT_KNOWN where there is none.

        Its number goes first; a meter's number leads to the point where it hung at all of the instants.
        """
        found = self._by_number(point) if point else NOT_KNOWN
        if found == NOT_KNOWN and meter and len(instants):
            found = self._by_meter(meter, instants)
        self.names.setdefault(found, point or meter)
        return found

    def _by_number(self, number: str) -> int:
        if number not in self.known:
            code = self.by_hand.get(number)
            found = None if code else aliased_points(self.conn, self.kind, [number]).get(number)
            if found is None:
                asked = code or number
                found = ids_of_codes(self.conn, [asked]).get(asked, NOT_KNOWN)
            self.known[number] = found
        return self.known[number]

    def _by_meter(self, number: str, instants: Times) -> int:
        if number not in self.meters:
            self.meters[number] = points_of_meter(self.conn, number)
        moments = microseconds(instants)
        first, latest = int(moments.min()), int(moments.max())
        for point, begin, end in self.meters[number]:
            if begin <= first and (latest <= end or end == STILL_INSTALLED):
                return point
        return NOT_KNOWN


def read_points_file(path: Path) -> dict[str, str]:
    """Read number → code of the usage point out of a CSV file; raises BadPointsFile."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    if not rows or rows[0] != HEADER:
        raise BadPointsFile(f"{path.name} has not the header {','.join(HEADER)}", header=rows[:1])
    points: dict[str, str] = {}
    for line, row in enumerate(rows[1:], 2):
        if not row:
            continue
        if len(row) != len(HEADER) or not all(cell.strip() for cell in row) or row[0].strip() in points:
            raise BadPointsFile(f"{path.name}, line {line}", line=line, cells=row[:3])
        points[row[0].strip()] = row[1].strip()
    return points
