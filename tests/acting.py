"""Actors for tests: staff with roles on units, customers with their accounts."""

from __future__ import annotations

from mingdu.base.actors import Actor, Grant
from mingdu.base.roles import Role

NOBODY = Actor("person:0", "nobody")


def staff(*roles: Role, units: set[int] | None = None, number: int = 7) -> Actor:
    """Return a person who holds the roles on these units; None: on all."""
    unit_ids = None if units is None else frozenset(units)
    return Actor(f"person:{number}", "王芳", tuple(Grant(role, unit_ids) for role in roles))


def customer(number: int, *account_ids: int) -> Actor:
    """Return a signed-in customer with his own accounts."""
    return Actor(f"customer:{number}", "李伟", (Grant(Role.CUSTOMER),), frozenset(account_ids))
