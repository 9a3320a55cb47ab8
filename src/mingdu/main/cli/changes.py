"""`mingdu changes` and `mingdu known`: what changed between two times, and a value as it was known at one."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated

import typer

from mingdu.core.registers import Channel, Register
from mingdu.errors import TradeError

from .readings import By
from .staff import staff_or_system
from .starting import ready

Since = Annotated[str, typer.Option("--from", help="Instant with its zone: 2027-01-04T09:00:00+08:00.")]
Until = Annotated[str, typer.Option("--to", help="Instant with its zone, included.")]
OfPoint = Annotated[str | None, typer.Option("--point", help="Code of a usage point; else all.")]
Point = Annotated[str, typer.Argument(help="Code of the usage point.")]
ItemName = Annotated[str, typer.Argument(help="Channel or register, such as IMPORT, VOLTAGE_A, TOTAL.")]
At = Annotated[str, typer.Argument(help="Instant of the value, with its zone.")]
AsOf = Annotated[str, typer.Option("--as-of", help="As known then, with its zone; empty: as known now.")]


class BadTime(TradeError):
    """An instant that cannot be read, or says no zone."""

    next_step = "write it with its zone: 2027-01-04T09:00:00+08:00"


class UnknownItem(TradeError):
    """No channel and no register has this name."""

    next_step = "use a channel such as IMPORT, or a register such as TOTAL"


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(changes)
    app.command()(known)


def changes(since: Since, until: Until, point: OfPoint = None, by: By = "") -> None:
    """Print every value that changed, one JSON object a line: old, new, who, when, why."""
    span = _instant(since), _instant(until)
    ready()
    from mingdu.metering.queries.changes import changes_between

    for change in changes_between(staff_or_system(by), *span, point):
        typer.echo(json.dumps(change.as_json(), ensure_ascii=False))


def known(point: Point, item: ItemName, at: At, as_of: AsOf = "", by: By = "") -> None:
    """Print one value as it was known at a time."""
    chosen, instant = item_named(item), _instant(at)
    now = ready()
    from mingdu.metering.queries.known import known_value

    found = known_value(staff_or_system(by), point, chosen, instant, _instant(as_of) if as_of else now)
    typer.echo(json.dumps(found.as_json(), ensure_ascii=False))


def item_named(name: str) -> Channel | Register:
    """Return the channel or register of a name; no name is both. Raises UnknownItem."""
    if name in Channel.__members__:
        return Channel[name]
    if name in Register.__members__:
        return Register[name]
    raise UnknownItem(f"no channel or register {name}", item=name)


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as cause:
        raise BadTime(f"{text!r} is no instant", time=text) from cause
    if found.utcoffset() is None:
        raise BadTime(f"{text!r} says no zone", time=text)
    return found
