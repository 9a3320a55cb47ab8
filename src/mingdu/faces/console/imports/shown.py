"""What the pages of imports show: state, figures of a report, first rows of a table, the report as a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mingdu.base import ledger
from mingdu.metering.imports.exchange.files_kept import told_progress
from mingdu.metering.imports.exchange.tables import preview_table
from mingdu.metering.queries.file_imports import ImportView
from mingdu.wire.exchange.numbers import write_number
from mingdu.wire.exchange.series import BadRecord, Mark
from mingdu.wire.exchange.table.mapping import Mapping

MOST_LINES = 100
PREVIEW_ROWS = 8
MOST_PREVIEWED = 24

STATES = {
    "new": (gettext_lazy("to be checked"), "plain"),
    "checking": (gettext_lazy("being checked"), "info"),
    "unreadable": (gettext_lazy("cannot be read"), "bad"),
    "checked": (gettext_lazy("checked, not imported"), "warn"),
    "importing": (gettext_lazy("being imported"), "info"),
    "done": (gettext_lazy("imported"), "good"),
    "partly": (gettext_lazy("imported, but for bad lines"), "warn"),
    "failed": (gettext_lazy("import failed"), "bad"),
}
MARKS = {
    Mark.MEASURED: gettext_lazy("measured"),
    Mark.ESTIMATED: gettext_lazy("estimated"),
    Mark.EDITED: gettext_lazy("edited"),
    Mark.PROVISIONAL: gettext_lazy("provisional"),
    Mark.MISSING: gettext_lazy("missing"),
    Mark.SUSPECT: gettext_lazy("suspect"),
}

# Why a line cannot be taken; other names stand as they are.
REASONS = {
    "UnknownUsagePoint": gettext_lazy("no such usage point or meter"),
    "UnknownChannel": gettext_lazy("no channel or register of ours"),
    "UnknownUnit": gettext_lazy("the unit does not fit"),
    "UnknownQuality": gettext_lazy("unknown quality mark"),
    "UnknownWord": gettext_lazy("a word that is not known"),
    "BadTime": gettext_lazy("no time, or between two intervals"),
    "NoSuchTime": gettext_lazy("a time that the clocks leave out"),
    "BadValue": gettext_lazy("no value that can be kept"),
    "BadNumber": gettext_lazy("no number"),
    "BadInterval": gettext_lazy("no interval that can be kept"),
    "BadField": gettext_lazy("a field that cannot be read"),
    "WrongFields": gettext_lazy("too few or too many fields"),
    "BrokenRow": gettext_lazy("too few or too many fields"),
    "EmptyCell": gettext_lazy("a needed cell is empty"),
    "NoEnd": gettext_lazy("the file has no end; it may be cut"),
    "FutureReading": gettext_lazy("the time has not come yet"),
    "NotInstalled": gettext_lazy("no meter hung there then"),
    "OutsideStorage": gettext_lazy("no storage for this month"),
    "OtherInterval": gettext_lazy("the day is kept with another interval"),
}


@dataclass(frozen=True)
class PreviewRow:
    """One value as it would be stored; `error` instead of it where it cannot be read."""

    line: int
    point: str
    what: str
    time: str
    value: str
    mark: str
    error: str = ""


@dataclass(frozen=True)
class State:
    """Where an import stands; done and total count values while workers are at it, total 0: not known."""

    code: str
    words: str
    tone: str
    done: int
    total: int
    errors: tuple[str, ...]

    @property
    def is_working(self) -> bool:
        """Tell whether the page changes by itself."""
        return self.code in ("checking", "importing")


def state_of(view: ImportView) -> State:
    """Tell where an import stands."""
    run = view.run
    code = _code(view, run is not None and not ledger.progress(run).is_done)
    total = view.checked["rows"] if code == "importing" and view.checked else 0
    errors = tuple(ledger.errors(run)) if run is not None else ()
    words, tone = STATES[code]
    return State(code, str(words), tone, told_progress(view.number), total, errors)


def _code(view: ImportView, is_open: bool) -> str:
    if view.report is not None:
        return "failed" if "error" in view.report else "partly" if view.report["bad"] else "done"
    if is_open:
        return "checking" if view.checked is None else "importing"
    if view.checked is None:
        return "new"
    return "unreadable" if "error" in view.checked else "checked"


def figures_of(report: dict[str, Any]) -> list[tuple[str, int]]:
    """Return the figures of a report with their words."""
    words = [
        (_("Values"), "rows"),
        (_("New"), "accepted"),
        (_("Known already"), "same"),
        (_("In conflict"), "conflicts"),
        (_("Bad"), "bad_rows"),
        (_("Missing in the file"), "missing"),
        (_("Rounded"), "rounded"),
        (_("Sums passed over"), "passed_over"),
    ]
    known = report | {"bad_rows": bad_of(report)}
    return [(word, known[name]) for word, name in words if name in known]


def bad_of(report: dict[str, Any]) -> int:
    """Return how many values of a report were bad; our own forms count lines."""
    return int(report.get("bad_rows", len(report.get("bad", ()))))


def bad_shown(report: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Return the first bad lines of a report with their reasons in words."""
    bad = report.get("bad", [])[:MOST_LINES]
    return [(each, str(REASONS.get(each["error"], each["error"]))) for each in bad]


def conflicts_shown(report: dict[str, Any]) -> list[tuple[dict[str, Any], datetime]]:
    """Return the first conflicts of a report with their times."""
    return [
        (each, datetime.fromisoformat(each["time"])) for each in report.get("conflicting", [])[:MOST_LINES]
    ]


def preview_of(path: Path, mapping: Mapping) -> list[PreviewRow]:
    """Return the first values of a table as they would be stored."""
    rows: list[PreviewRow] = []
    for piece in preview_table(path, mapping, PREVIEW_ROWS):
        if isinstance(piece, BadRecord):
            rows.append(PreviewRow(piece.line, "", "", "", "", "", piece.message))
            continue
        of = piece.channel
        what = " ".join(part for part in (of.code or of.kind.value, of.phase, of.register) if part)
        prefix, power = ("k", 3) if of.unit in ("Wh", "varh", "W") else ("", 0)
        for at in range(len(piece)):
            value = f"{write_number(int(piece.digits[at]), piece.exponent - power)} {prefix}{of.unit}"
            time = str(piece.local[at]).replace("T", " ")
            mark = MARKS[Mark(int(piece.quality[at]))]
            rows.append(PreviewRow(int(piece.lines[at]), of.point or of.meter, what, time, value, str(mark)))
    return sorted(rows, key=lambda row: row.line)[:MOST_PREVIEWED]


def report_lines(report: dict[str, Any]) -> Iterator[str]:
    """Yield a report as lines of CSV: what was bad, then what is in conflict."""
    yield "line,error,values,detail\r\n"
    for bad in report.get("bad", []):
        detail = json.dumps(bad["values"], ensure_ascii=False)
        yield _csv([bad["line"], bad["error"], bad.get("rows", 1), detail])
    for conflict in report.get("conflicting", []):
        detail = json.dumps({name: conflict[name] for name in conflict if name != "line"}, ensure_ascii=False)
        yield _csv([conflict["line"], "Conflict", 1, detail])


def _csv(cells: list[Any]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
