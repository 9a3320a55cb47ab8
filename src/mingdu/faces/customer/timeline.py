"""A case as its customer follows it: what happened in plain words, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from mingdu.faces.words import WORDS
from mingdu.faces.writing import yuan_text
from mingdu.service.queries import CaseView


@dataclass(frozen=True)
class Step:
    """
    One thing that happened.

    words       what it means for the customer
    enclosed    (place, file name) of what he sent with it
    """

    at: datetime
    words: str
    enclosed: list[tuple[int, str]]


@dataclass(frozen=True)
class Story:
    """
    A case with its steps, the newest last.

    next_step   what comes next and who does it; empty when nothing does
    is_late     the answer is overdue
    """

    case: CaseView
    steps: list[Step]
    next_step: str
    is_late: bool


def story_of(case: CaseView, *, now: datetime) -> Story:
    """Tell a case; things that only colleagues need to know are left out."""
    said = _said()
    steps = [
        Step(at, said[what] % _variables(details), _enclosed(details))
        for what, at, _by, details in case.events
        if what in said
    ]
    is_open = case.closed_at is None
    return Story(case, steps, _next(case) if is_open else "", is_open and now > case.due_at)


def enclosed_of(case: CaseView) -> list[tuple[str, str]]:
    """Return (file name, hash) of all that was sent with a case, in order."""
    return [(name, digest) for _what, _at, _by, details in case.events for name, digest in _files(details)]


def _said() -> dict[str, str]:
    return {
        "opened": _("We have it, and somebody of ours is in charge of it."),
        "reread_ordered": _(
            "A reader is on the way to your meter; he compares the register and takes a photo."
        ),
        "reread_in": _("The reader was at your meter; what it shows is on file."),
        "reread_failed": _(
            "The reader could not read the meter. We will send him again or ask you for a date."
        ),
        "correction_proposed": _(
            "The bill has to be corrected by %(difference)s yuan. A second colleague checks this now."
        ),
        "not_billable": _("The readings do not give a bill yet; a clerk is working on it."),
        "corrected": _("The bill was corrected: %(old)s yuan was taken back, %(new)s yuan is right."),
        "explained": _("The register agrees with the bill; it stays at %(total)s yuan."),
        "answered": _("Our answer: %(words)s"),
        "closed": _("You closed it: %(outcome)s."),
    }


def _next(case: CaseView) -> str:
    latest = next((what for what, *_rest in reversed(case.events) if what in _NEXT_AFTER), "opened")
    if (latest, case.kind) == ("opened", "repair_request"):
        return _("Next: a crew comes to you.")
    return {
        "opened": _("Next: a colleague looks into it and answers you here."),
        "reread_ordered": _("Next: the reader's result. You need not be at home if the meter is outside."),
        "reread_in": _("Next: we compare the reading with your bill and tell you."),
        "reread_failed": _("Next: another date for the reading."),
        "correction_proposed": _("Next: the second colleague's word; then the new bill comes to your inbox."),
        "not_billable": _("Next: a clerk clears the readings up and tells you."),
        "corrected": _("Next: your word. Is it solved?"),
        "explained": _("Next: your word. Is it solved?"),
        "answered": _("Next: your word. Is it solved?"),
    }[latest]


_NEXT_AFTER = frozenset(
    {
        "opened", "reread_ordered", "reread_in", "reread_failed", "correction_proposed", "not_billable",
        "corrected", "explained", "answered",
    }
)  # fmt: skip


def _variables(details: dict[str, Any]) -> dict[str, str]:
    return {
        "difference": yuan_text(details.get("difference_fen", 0)),
        "old": yuan_text(details.get("old_fen", 0)),
        "new": yuan_text(details.get("new_fen", 0)),
        "total": yuan_text(details.get("total_fen", 0)),
        "outcome": str(WORDS.get(details.get("outcome", ""), "")),
        "words": str(details.get("words", "")),
    }


def _files(details: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, digest) for name, digest in details.get("attachments", ())]


def _enclosed(details: dict[str, Any]) -> list[tuple[int, str]]:
    return [(place, name) for place, (name, _digest) in enumerate(_files(details))]
