"""The parts of a registry file and who takes them: network, then customers, then reading books."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mingdu.base.actors import Actor

from .registry import register_registry_loader

# A part that a registry does not mention is left alone; a part that it begins has to be whole.
CUSTOMER_KEYS = frozenset({"customers", "contacts", "accounts", "agreements"})
BOOK_KEYS = frozenset({"books"})


def register_parts() -> None:
    """Add the loaders, each in its place: customers need the network's points, and so do the books."""
    register_registry_loader("network", load_network)
    register_registry_loader("customers", load_customers)
    register_registry_loader("rounds", load_books)


def load_network(registry: dict[str, Any], by: Actor, at: datetime) -> int:
    """Register areas, terminals, meters and usage points; returns the usage points on file."""
    from mingdu.metering.operations import register_network

    return register_network(registry, by=by, at=at).usage_points


def load_customers(registry: dict[str, Any], by: Actor, at: datetime) -> int:
    """Register customers with accounts and agreements; returns the registry's accounts."""
    from mingdu.customers.operations import register_customers

    if CUSTOMER_KEYS.isdisjoint(registry):
        return 0
    return register_customers(registry, by=by, at=at)


def load_books(registry: dict[str, Any], by: Actor, at: datetime) -> int:
    """Register reading books with their points in walking order; returns the registry's books."""
    from mingdu.rounds.operations import register_books

    if BOOK_KEYS.isdisjoint(registry):
        return 0
    return register_books(registry, by=by, at=at)
