"""Whose login stands behind `--by`."""

from __future__ import annotations

from mingdu.base.actors import SYSTEM, Actor
from mingdu.errors import TradeError


class UnknownLogin(TradeError):
    """Nobody with this login may sign in."""

    next_step = "give --by a login of the staff"


def staff_of_login(login: str) -> Actor:
    """Return who signs in with this login; raises UnknownLogin."""
    from mingdu.base.queries import actor_by_login

    actor = actor_by_login(login)
    if actor is None:
        raise UnknownLogin(f"nobody signs in as {login}", login=login)
    return actor


def staff_or_system(login: str) -> Actor:
    """Return who signs in with this login, the system itself for none; raises UnknownLogin."""
    return staff_of_login(login) if login else SYSTEM
