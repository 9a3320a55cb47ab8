"""The desks' menu: pages register here when the apps start; each person sees what he may open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from .actors import Actor
from .permissions import scope


@dataclass(frozen=True)
class MenuEntry:
    """
    One page in the menu.

    group, label  words, translated when they are shown
    icon          name in the icon sheet
    verb          of the permission table; who may not do it does not see the entry
    address       gives the page's path
    """

    group: str
    label: str
    icon: str
    verb: str
    address: Callable[[], str]


@dataclass(frozen=True)
class MenuItem:
    """An entry as one person sees it on one page."""

    label: str
    icon: str
    href: str
    is_current: bool


_entries: list[MenuEntry] = []


def register_menu(*entries: MenuEntry) -> None:
    """Add pages in the order in which they are to be shown; those of one group come one after another."""
    _entries.extend(entry for entry in entries if entry not in _entries)


def menu_for(actor: Actor, path: str) -> list[tuple[str, list[MenuItem]]]:
    """Return (group, items) that the actor may open; current is the item that leads furthest to `path`."""
    seen = [(entry, entry.address()) for entry in _entries if _may(actor, entry.verb)]
    current = max((href for _, href in seen if path.startswith(href)), key=len, default="")
    return [
        (group, [MenuItem(str(e.label), e.icon, href, href == current) for e, href in pages])
        for group, pages in groupby(seen, key=lambda page: str(page[0].group))
    ]


def _may(actor: Actor, verb: str) -> bool:
    seen = scope(actor, verb)
    return seen.unit_ids is None or bool(seen.unit_ids)
