"""The one door of permission: a table role × verb × unit, asked first in every operation and query."""

from __future__ import annotations

from dataclasses import dataclass

from mingdu.errors import TradeError

from .actors import Actor, Grant
from .permission_table import VERBS
from .roles import Role


class NotPermitted(TradeError):
    """The actor holds no role that allows this verb on this unit."""

    next_step = "ask an administrator for the role, or a colleague who holds it"


class UnknownVerb(TradeError):
    """An operation asks for a verb that the permission table does not list."""

    next_step = "add the verb to base/permission_table.py"


@dataclass(frozen=True)
class Scope:
    """What an actor may see: units (None: all) and, for customers, accounts."""

    unit_ids: frozenset[int] | None
    account_ids: frozenset[int]

    def covers_unit(self, unit_id: int | None) -> bool:
        """Tell whether rows of this unit may be seen."""
        return self.unit_ids is None or unit_id in self.unit_ids


def require(actor: Actor, verb: str, unit_id: int | None = None, *, account_id: int | None = None) -> None:
    """
    Raise NotPermitted unless one of the actor's roles allows the verb here.

    unit_id     organisation unit acted on; None when the act belongs to no unit
    account_id  account acted on; a customer must own it
    raises      NotPermitted, UnknownVerb
    """
    allowed = _roles_for(verb)
    for grant in actor.grants:
        if grant.role in allowed and grant.covers(unit_id) and _owns(actor, grant, account_id):
            return
    raise NotPermitted(
        f"{actor.name} may not do {verb} here", verb=verb, roles=sorted(actor.roles), unit_id=unit_id
    )


def scope(actor: Actor, verb: str) -> Scope:
    """Return what the actor may see under this verb; an actor without a fitting role sees nothing."""
    allowed = _roles_for(verb)
    grants = [grant for grant in actor.grants if grant.role in allowed]
    staff = [grant for grant in grants if grant.role is not Role.CUSTOMER]
    if any(grant.unit_ids is None for grant in staff):
        return Scope(None, frozenset())
    units = frozenset().union(*(grant.unit_ids or frozenset() for grant in staff))
    own = actor.account_ids if len(grants) > len(staff) else frozenset()
    return Scope(units, own)


def _roles_for(verb: str) -> frozenset[Role]:
    try:
        return VERBS[verb]
    except KeyError:
        raise UnknownVerb(f"no verb {verb} in the permission table", verb=verb) from None


def _owns(actor: Actor, grant: Grant, account_id: int | None) -> bool:
    return grant.role is not Role.CUSTOMER or account_id is None or account_id in actor.account_ids
