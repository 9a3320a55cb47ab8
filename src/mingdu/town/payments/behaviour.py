"""How the gateway's notices come: as they should, or in one of the ways in which they really come."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LATE_SECONDS = 20
MOST_LATE_SECONDS = 600


class Behaviour(StrEnum):
    """What whoever tries the system may choose on the gateway's page."""

    ONCE = "once"
    THRICE = "thrice"
    LATE = "late"
    CLOSED_FIRST = "closed_first"
    CROSSED = "crossed"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_SIGNATURE = "wrong_signature"
    NEVER = "never"


@dataclass(frozen=True)
class Step:
    """
    One notice.

    event         "paid" or "closed"
    wait_seconds  after the step before it
    is_forged     its signature fits nothing
    """

    event: str = "paid"
    wait_seconds: int = 0
    is_forged: bool = False


PLANS: dict[Behaviour, tuple[Step, ...]] = {
    Behaviour.ONCE: (Step(),),
    Behaviour.THRICE: (Step(), Step(wait_seconds=1), Step(wait_seconds=1)),
    Behaviour.LATE: (Step(wait_seconds=LATE_SECONDS),),
    Behaviour.CLOSED_FIRST: (Step("closed"), Step(wait_seconds=2)),
    Behaviour.CROSSED: (Step(),),
    Behaviour.WRONG_AMOUNT: (Step(),),
    Behaviour.WRONG_SIGNATURE: (Step(is_forged=True),),
    Behaviour.NEVER: (),
}


def plan(behaviour: Behaviour, late_seconds: int) -> tuple[Step, ...]:
    """Return the notices of a behaviour; only the late one asks how late."""
    if behaviour is Behaviour.LATE:
        return (Step(wait_seconds=min(late_seconds, MOST_LATE_SECONDS)),)
    return PLANS[behaviour]
