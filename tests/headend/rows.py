"""Rows that the head end finds in the database: terminals, meters, polls; and what it left there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import psycopg


def add_terminals(url: str, addresses: Sequence[str], profile: str = "dtu-demo") -> dict[str, int]:
    """Register terminals under one unit; returns address to id."""
    from mingdu.base.models import OrgUnit
    from mingdu.metering.models import Terminal

    unit, _ = OrgUnit.objects.get_or_create(code="headend", defaults={"name": "Head end's test unit"})
    made = Terminal.objects.bulk_create(
        Terminal(terminal_address=address, profile=profile, unit=unit) for address in addresses
    )
    return {terminal.terminal_address: terminal.pk for terminal in made}


def add_meters(addresses: Sequence[str]) -> dict[str, int]:
    """Add meters; returns address to id."""
    from mingdu.metering.models import Meter

    made = Meter.objects.bulk_create(
        Meter(meter_number=f"M{address}", meter_address=address, model="demo-meter-645")
        for address in addresses
    )
    return {meter.meter_address: meter.pk for meter in made}


def add_polls(pairs: Sequence[tuple[int, int]], at: datetime, **changes: Any) -> list[int]:
    """Add one poll for each (terminal id, meter id); returns their ids in order."""
    from mingdu.metering.models import Poll

    values: dict[str, Any] = {
        "item": "energy",
        "day": date(2027, 1, 4),
        "lane": 5,
        "created_at": at,
        "not_before": at,
        "requested_by": "test",
    }
    made = Poll.objects.bulk_create(
        Poll(terminal_id=terminal, meter_id=meter, **(values | changes)) for terminal, meter in pairs
    )
    return [poll.pk for poll in made]


def ask(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Ask the database beside the head end."""
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchall()
