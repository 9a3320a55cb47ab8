"""What a disaster would cost now, what a restore has proven, and every backup there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from mingdu.base.backup_board import BackupBoard, backups_seen
from mingdu.faces.console.door import at_desk, not_kept
from mingdu.faces.identity import Asked

MEGABYTE, GIGABYTE = 1_000_000, 1_000_000_000
KINDS = {"full": gettext_lazy("full backup"), "incremental": gettext_lazy("incremental backup")}
STATES = {
    "whole": (gettext_lazy("whole"), "good"),
    "unfinished": (gettext_lazy("unfinished"), "warn"),
    "damaged": (gettext_lazy("damaged backup"), "bad"),
}
RUNS = {
    "log": gettext_lazy("Fetching the log"),
    "full": gettext_lazy("The full backup"),
    "incremental": gettext_lazy("The incremental backup"),
    "verify": gettext_lazy("The proof by restore"),
}


@dataclass(frozen=True)
class Aim:
    """One aim with what was proven and what holds now; `tone` of the tag: good, bad or plain."""

    title: str
    aimed: str
    proven: str
    now: str
    tone: str


@require_safe
def backups(request: Asked) -> HttpResponse:
    """Show aims, proof, the latest failure and the list."""
    board = backups_seen(at_desk(request))
    page = {
        "board": board,
        "aims": _aims(board) if board else [],
        "counted": f"{board.proof.rows:,}" if board and board.proof else "",
        "failed": RUNS.get(board.failure.run, board.failure.run) if board and board.failure else "",
        "size": size_words(board.bytes) if board else "",
        "free": size_words(board.free_bytes) if board else "",
        "rows": [
            (
                line,
                KINDS.get(line.kind, "–"),
                *STATES[line.state],
                size_words(line.bytes) if line.bytes else "–",
            )
            for line in (board.lines if board else ())
        ],
    }
    return not_kept(render(request, "faces/console/backups/list.html", page))


def size_words(count: int) -> str:
    """Write a number of bytes."""
    return f"{count / GIGABYTE:,.1f} GB" if count >= GIGABYTE else f"{count / MEGABYTE:,.1f} MB"


def span_words(span: timedelta) -> str:
    """Write a span of time in its largest fitting unit."""
    seconds = round(span.total_seconds())
    if seconds < 120:
        return _("%(count)s s") % {"count": seconds}
    if seconds < 120 * 60:
        return _("%(count)s min") % {"count": seconds // 60}
    if seconds < 48 * 3600:
        return _("%(count)s h") % {"count": seconds // 3600}
    return _("%(count)s days") % {"count": seconds // 86_400}


def _aims(board: BackupBoard) -> list[Aim]:
    proof = board.proof
    return [
        Aim(
            _("Data lost, as last proven"),
            span_words(board.aimed_loss),
            span_words(proof.loss) if proof else "",
            span_words(board.loss) if board.loss is not None else "",
            _tone(proof.loss if proof else None, board.aimed_loss, board.is_late),
        ),
        Aim(
            _("Time to recover, as last proven"),
            span_words(board.aimed_recovery),
            span_words(proof.recovery) if proof else "",
            "",
            _tone(proof.recovery if proof else None, board.aimed_recovery, False),
        ),
    ]


def _tone(proven: timedelta | None, aimed: timedelta, is_late: bool) -> str:
    if proven is None:
        return "warn"
    return "bad" if is_late or proven > aimed else "good"
