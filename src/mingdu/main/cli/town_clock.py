"""A simulated town lives in its own calendar: its registry brings the clock of an empty data folder along."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from mingdu.main.clock import Clock, clock_of, set_demo_clock
from mingdu.main.environment import Environment
from mingdu.rulebook.document import Node

# Demo time begins on the fourth morning after the town's last day: its whole history is past by then.
DAYS_AFTER = 4
BEGINS_AT = time(9)


def clock_for(environment: Environment, registry: dict[str, Any], zone: tzinfo) -> Clock:
    """
    Return the clock by which a registry is entered into an empty data folder.

    A town whose days are not over by this folder's clock sets demo time, as `mingdu demo` does, and every
    command of the folder keeps it. Any other registry leaves the clock as it is.
    raises  BadDocument: the town does not say its last day
    """
    clock = clock_of(environment)
    last_day = _last_day(registry)
    if last_day is None or last_day < clock.now().astimezone(zone).date():
        return clock
    begin = datetime.combine(last_day + timedelta(days=DAYS_AFTER), BEGINS_AT, tzinfo=zone)
    return set_demo_clock(environment, environment.demo_now or begin)


def _last_day(registry: dict[str, Any]) -> date | None:
    town = Node(registry, "registry").find("town")
    return None if town is None else town.at("last_day").day()
