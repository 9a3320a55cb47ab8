"""Roles (角色) of people and which of them one person may not hold together on one unit."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a person does; the value is stored."""

    READER = "reader"
    CLERK = "clerk"
    APPROVER = "approver"
    CASHIER = "cashier"
    AGENT = "agent"
    ENGINEER = "engineer"
    INSPECTOR = "inspector"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"
    CUSTOMER = "customer"
    SYSTEM = "system"


# Who reads does not settle, who settles does not collect (抄、核、收分离); who proposes does not approve.
INCOMPATIBLE: frozenset[frozenset[Role]] = frozenset(
    {
        frozenset({Role.READER, Role.CLERK}),
        frozenset({Role.READER, Role.CASHIER}),
        frozenset({Role.CLERK, Role.CASHIER}),
        frozenset({Role.CLERK, Role.APPROVER}),
        frozenset({Role.READER, Role.APPROVER}),
    }
)


def incompatible_pair(roles: frozenset[Role]) -> frozenset[Role] | None:
    """Return the first pair of roles that one person must not hold together, or None."""
    return next((pair for pair in sorted(INCOMPATIBLE, key=sorted) if pair <= roles), None)
