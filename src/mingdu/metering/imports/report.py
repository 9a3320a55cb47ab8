"""What became of a file, line by line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mingdu.core.types import Bytes, Ints
from mingdu.errors import TradeError
from mingdu.metering.readings import Acceptance, Outcome, UnknownUsagePoint

from .parsed import BadLine, Part

# A line that brought several values counts once, by the gravest of what became of them.
_RANK = np.zeros(len(Outcome), dtype=np.uint8)
_RANK[[Outcome.SAME, Outcome.ACCEPTED, Outcome.CONFLICT, Outcome.BAD]] = 1, 2, 3, 4


@dataclass
class ImportReport:
    """Counts of lines without the header and empty ones: rows = accepted + same + conflicts + bad."""

    rows: int = 0
    accepted: int = 0
    same: int = 0
    conflicts: int = 0
    bad: list[BadLine] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Tell whether every line was taken."""
        return not self.bad

    def as_json(self) -> dict[str, Any]:
        """Return the report of CONTRACTS."""
        lines = sorted(self.bad, key=lambda bad: bad.line)
        return {
            "rows": self.rows,
            "accepted": self.accepted,
            "same": self.same,
            "conflicts": self.conflicts,
            "bad": [{"line": bad.line, "error": bad.error.name, "values": bad.error.values} for bad in lines],
        }


@dataclass
class LineOutcomes:
    """Gathers what became of the lines of one chunk."""

    first_line: int
    ranks: Bytes
    codes: dict[int, str]
    errors: dict[int, TradeError] = field(default_factory=dict)

    def add(self, part: Part, acceptance: Acceptance) -> None:
        """Count one part's outcomes for its lines and keep the errors of its rows."""
        curve_ranks = _RANK[acceptance.curve_outcomes]
        if part.curve_line.shape[1] == 1:
            curve_ranks = curve_ranks.max(axis=1, keepdims=True, initial=0)
        came = part.curve_line > 0
        self._raise(part.curve_line[came], curve_ranks[came])
        self._raise(part.register_line, _RANK[acceptance.register_outcomes])
        for bad in acceptance.bad:
            lines = part.curve_line[bad.row] if bad.part == "curve" else part.register_line[[bad.row]]
            for line in np.unique(lines[lines > 0]).tolist():
                self.errors.setdefault(line, self._with_code(bad.error))

    def count(self, report: ImportReport, unread: list[BadLine], rows: int) -> None:
        """Add the chunk to the report; lines that brought nothing are the same as before."""
        bad = [*unread, *(BadLine(line, error) for line, error in self.errors.items())]
        conflicts = int(np.count_nonzero(self.ranks == _RANK[Outcome.CONFLICT]))
        accepted = int(np.count_nonzero(self.ranks == _RANK[Outcome.ACCEPTED]))
        report.rows += rows
        report.accepted += accepted
        report.conflicts += conflicts
        report.same += rows - len(bad) - accepted - conflicts
        report.bad += bad

    def _raise(self, lines: Ints, ranks: Bytes) -> None:
        np.maximum.at(self.ranks, lines - self.first_line, ranks)

    def _with_code(self, error: TradeError) -> TradeError:
        """A file knows codes, not ids."""
        if not isinstance(error, UnknownUsagePoint):
            return error
        code = self.codes.get(error.values["usage_point_id"], "")
        return UnknownUsagePoint(f"usage point {code}", usage_point=code)
