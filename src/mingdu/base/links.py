"""Links to objects of higher subjects: how the page of each kind is reached, filled when the apps start."""

from __future__ import annotations

from collections.abc import Callable

_links: dict[str, Callable[[str], str]] = {}


def register_link(kind: str, address: Callable[[str], str]) -> None:
    """Register where the page of one kind of object is: "case" → /console/cases/…"""
    _links[kind] = address


def link_to(target: str) -> str:
    """Return the address of "kind:key", or an empty string when no page shows that kind."""
    kind, _, key = target.partition(":")
    address = _links.get(kind)
    return address(key) if address else ""
