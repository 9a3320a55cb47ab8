"""What happened to a case, told to colleagues: who did what, with its figures and photos."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from mingdu.base.queries import names_of
from mingdu.core.money import money_text
from mingdu.faces.words import WORDS
from mingdu.service.queries import CaseView


@dataclass(frozen=True)
class Happening:
    """
    One thing that happened.

    what    code of faces.words
    more    its figures or words; empty without any
    files   (place among all files of the case, file name)
    """

    at: datetime
    by: str
    what: str
    more: str
    files: list[tuple[int, str]]


def story_told(case: CaseView) -> list[Happening]:
    """Return what happened, the newest first."""
    names = names_of({by for _what, _at, by, _details in case.events})
    told, place = [], 0
    for what, at, by, details in case.events:
        files = [name for name, _digest in details.get("attachments", ())]
        shown = list(enumerate(files, start=place))
        place += len(files)
        more = _MORE[what](details) if what in _MORE else ""
        told.append(Happening(at, person_shown(by, names), what, more, shown))
    return told[::-1]


def files_of(case: CaseView) -> list[tuple[str, str]]:
    """Return (file name, hash) of all that came with a case, in the order of `Happening.files`."""
    return [
        (name, digest) for *_rest, details in case.events for name, digest in details.get("attachments", ())
    ]


def person_shown(actor_id: str, names: dict[str, str]) -> str:
    """Name an actor: a colleague, the customer, or the system."""
    if actor_id.startswith("customer:"):
        return _("the customer")
    return names.get(actor_id, _("by itself") if actor_id == "system" else actor_id)


def _yuan(details: dict[str, Any], name: str) -> str:
    return money_text(details.get(name, 0))


_MORE: dict[str, Callable[[dict[str, Any]], str]] = {
    "answered": lambda details: str(details["words"]),
    "correction_proposed": lambda details: _yuan(details, "difference_fen"),
    "corrected": lambda details: f"{_yuan(details, 'old_fen')} → {_yuan(details, 'new_fen')}",
    "explained": lambda details: _yuan(details, "total_fen"),
    "closed": lambda details: str(WORDS.get(details["outcome"], details["outcome"])),
    "reread_failed": lambda details: str(WORDS.get(details["outcome"], details["outcome"])),
}
