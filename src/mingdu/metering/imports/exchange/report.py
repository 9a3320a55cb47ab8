"""What became of a file of another house, value by value, with the lines of what was not taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from mingdu.core.quality import Quality
from mingdu.core.types import AnyColumn, Bytes, Ints
from mingdu.errors import TradeError
from mingdu.metering.readings import Outcome

# So many entries are listed; the counts go on.
MOST_LISTED: Final = 10_000
MOST_CODES: Final = 200


@dataclass
class BadEntry:
    """A line and error, and how many of the line's values it took."""

    line: int
    error: TradeError
    rows: int


@dataclass
class ExchangeReport:
    """
    Counts of values: rows = accepted + same + conflicts + bad_rows.

    missing      values that the file calls missing or null; they say nothing and count as same
    rounded      values that have more places than are stored
    passed_over  amounts between two register reads that the file gives as well
    codes        the format's own quality codes: how they were read, and how many
    """

    format: str
    rows: int = 0
    accepted: int = 0
    same: int = 0
    conflicts: int = 0
    missing: int = 0
    rounded: int = 0
    passed_over: int = 0
    bad_rows: int = 0
    bad: dict[tuple[int, str], BadEntry] = field(default_factory=dict)
    left_out: int = 0
    conflicting: list[dict[str, Any]] = field(default_factory=list)
    codes: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Tell whether every value was taken."""
        return not self.bad_rows

    def refuse(self, error: TradeError, lines: Ints) -> None:
        """Count values that cannot be taken, by line."""
        found, counts = np.unique(lines, return_counts=True)
        for line, count in zip(found.tolist(), counts.tolist(), strict=True):
            self.rows += count
            self.bad_rows += count
            key = (line, error.name)
            if key in self.bad:
                self.bad[key].rows += count
            elif len(self.bad) < MOST_LISTED:
                self.bad[key] = BadEntry(line, error, count)
            else:
                self.left_out += 1

    def take(self, outcomes: Bytes) -> None:
        """Count the outcomes of values that came to the door; those that are bad are refused beside it."""
        counts = np.bincount(outcomes, minlength=len(Outcome)).tolist()
        self.rows += sum(counts) - counts[Outcome.BAD]
        self.accepted += counts[Outcome.ACCEPTED]
        self.conflicts += counts[Outcome.CONFLICT]
        self.same += counts[Outcome.SAME] + counts[Outcome.NOTHING]

    def take_missing(self, count: int) -> None:
        """Count values that say nothing."""
        self.rows += count
        self.same += count
        self.missing += count

    def name_conflict(self, line: int, point: str, item: str, time: str) -> None:
        """List a value that differs from a stored reading; both are kept."""
        if len(self.conflicting) < MOST_LISTED:
            self.conflicting.append({"line": line, "usage_point": point, "item": item, "time": time})

    def note_codes(self, codes: AnyColumn, quality: Bytes) -> None:
        """Count the format's own codes, each with the quality it was read as."""
        for mark in np.unique(quality).tolist():
            found, counts = np.unique(codes[quality == mark], return_counts=True)
            for code, count in zip(found.tolist(), counts.tolist(), strict=True):
                key = (str(code), Quality(mark).name.lower())
                if code and (key in self.codes or len(self.codes) < MOST_CODES):
                    self.codes[key] = self.codes.get(key, 0) + count

    def as_json(self) -> dict[str, Any]:
        """Return the report of CONTRACTS, and behind it what only these formats have."""
        report: dict[str, Any] = {
            "rows": self.rows,
            "accepted": self.accepted,
            "same": self.same,
            "conflicts": self.conflicts,
            "bad": [_bad_json(each) for each in sorted(self.bad.values(), key=lambda bad: bad.line)],
            "bad_rows": self.bad_rows,
            "format": str(self.format),
            "missing": self.missing,
            "rounded": self.rounded,
            "passed_over": self.passed_over,
            "conflicting": self.conflicting,
            "codes": [
                {"code": code, "quality": quality, "values": count}
                for (code, quality), count in sorted(self.codes.items())
            ],
        }
        return report | ({"left_out": self.left_out} if self.left_out else {})


def _bad_json(bad: BadEntry) -> dict[str, Any]:
    entry = {"line": bad.line, "error": bad.error.name, "values": bad.error.values}
    return entry | ({"rows": bad.rows} if bad.rows > 1 else {})
