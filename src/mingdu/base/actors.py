"""Who acts: a frozen picture of a person, a customer or the system itself, never the user model."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from .roles import Role


@dataclass(frozen=True)
class Grant:
    """One role on some organisation units; `unit_ids` None means on all of them."""

    role: Role
    unit_ids: frozenset[int] | None = None

    def covers(self, unit_id: int | None) -> bool:
        """Tell whether the role holds on this unit; an act without a unit needs the role anywhere."""
        return self.unit_ids is None or unit_id is None or unit_id in self.unit_ids


@dataclass(frozen=True)
class Actor:
    """
    Who does it.

    id           "person:7", "customer:42" or "system"
    name         as printed in the audit
    grants       roles with their units
    account_ids  the customer's own accounts; empty for staff
    """

    id: str
    name: str
    grants: tuple[Grant, ...] = ()
    account_ids: frozenset[int] = frozenset()
    language: str = "zh"

    @property
    def roles(self) -> frozenset[Role]:
        """All roles held on any unit."""
        return frozenset(grant.role for grant in self.grants)

    def holds(self, roles: Collection[str], unit_id: int | None) -> bool:
        """Tell whether one of these roles is held on this unit; None: anywhere."""
        return any(grant.role in roles and grant.covers(unit_id) for grant in self.grants)

    @property
    def is_customer(self) -> bool:
        """Tell whether this is a customer signed in for himself."""
        return Role.CUSTOMER in self.roles

    @property
    def number(self) -> int | None:
        """The number behind the colon of the id; None for the system."""
        return int(self.id.partition(":")[2]) if ":" in self.id else None


SYSTEM = Actor(id="system", name="Mingdu", grants=(Grant(Role.SYSTEM),))
