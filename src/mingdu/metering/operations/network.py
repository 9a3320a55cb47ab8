"""Registers the network: areas, terminals, meters, usage points, and what hung where from when to when."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.db import IntegrityError, transaction

from mingdu.base import audit
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.operations import create_unit
from mingdu.base.permissions import require
from mingdu.core.instants import instant64
from mingdu.core.quality import Quality
from mingdu.core.registers import Register
from mingdu.errors import TradeError
from mingdu.metering.intake.door import evidence_number, take_batch
from mingdu.metering.models import Area, Installation, Meter, Terminal, UsagePoint
from mingdu.metering.readings import Acceptance, ReadingBatch, RegisterColumns, Source
from mingdu.rulebook.meters import MeterModel, meter_models

# The unit of a registry that names none.
HOME_UNIT = ("0530", "供电所")
BATCH_ROWS = 5_000
TOTAL_ONLY = "residential"

Row = dict[str, Any]
# Point, meter and first instant of an installation: what makes it one.
Key = tuple[int, int, datetime]


class BadRegistry(TradeError):
    """The registry lacks a list or a key, or names something that it does not describe."""

    next_step = "compare it with the form that `mingdu town build` writes"


class InstallationsOverlap(TradeError):
    """Two meters would hang at one usage point at once, or one meter at two."""

    next_step = "close the earlier installation: give it `to`"


@dataclass(frozen=True)
class Registered:
    """How many of each the database knows after the registration, and the readings that came with it."""

    areas: int
    terminals: int
    meters: int
    usage_points: int
    installations: int
    readings: int


def register_network(registry: Row, *, by: Actor, at: datetime) -> Registered:
    """
    Register the network part of a registry; the same again changes nothing, more adds to it.

    registry  lists `areas`, `terminals`, `meters`, `usage_points`, `installations` in the town's form, and
              `units` if there is more than one: {unit, name}, named by usage points and terminals as `unit`
    returns   Registered
    raises    NotPermitted, BadRegistry, InstallationsOverlap, UnknownMeterModel
    """
    require(by, "metering.register")
    try:
        with transaction.atomic():
            return _register(registry, by, at)
    except KeyError as missing:
        raise BadRegistry(f"the registry lacks {missing}", missing=str(missing.args[0])) from missing
    except IntegrityError as broken:
        cause = str(broken).splitlines()[0]
        raise InstallationsOverlap(f"the registry contradicts what hangs there: {cause}") from broken


def _register(registry: Row, by: Actor, at: datetime) -> Registered:
    units = _units(registry, at)
    _add_areas(registry["areas"], units)
    _add_terminals(registry["terminals"], units)
    _add_meters(registry["meters"], meter_models())
    _add_points(registry["usage_points"], units)
    _add_installations(registry)
    acceptance = _take_readings(registry, by, at)
    if acceptance.bad:
        raise acceptance.bad[0].error
    registered = Registered(
        Area.objects.count(), Terminal.objects.count(), Meter.objects.count(), UsagePoint.objects.count(),
        Installation.objects.count(), acceptance.accepted,
    )  # fmt: skip
    audit.record(by, "metering.register", "network", at=at, details=vars(registered))
    return registered


def _units(registry: Row, at: datetime) -> dict[str | None, int]:
    """Make sure the units exist; the first stands for rows that name none."""
    rows = registry.get("units") or [{"unit": HOME_UNIT[0], "name": HOME_UNIT[1]}]
    made = {
        row["unit"]: create_unit(row["unit"], row["name"], parent=None, by=SYSTEM, at=at).pk for row in rows
    }
    return {None: made[rows[0]["unit"]], **made}


def _add_areas(rows: list[Row], units: dict[str | None, int]) -> None:
    areas = [Area(code=row["area"], name=row["name"], unit_id=units[row.get("unit")]) for row in rows]
    Area.objects.bulk_create(areas, ignore_conflicts=True, batch_size=BATCH_ROWS)


def _add_terminals(rows: list[Row], units: dict[str | None, int]) -> None:
    terminals = [
        Terminal(terminal_address=row["terminal"], profile=row["model"], unit_id=units[row.get("unit")])
        for row in rows
    ]
    Terminal.objects.bulk_create(terminals, ignore_conflicts=True, batch_size=BATCH_ROWS)


def _add_meters(rows: list[Row], models: dict[str, MeterModel]) -> None:
    meters = [
        Meter(
            meter_number=row["meter"], meter_address=row["address"], model=row["model"],
            digits=models[row["model"]].energy.digits,
        )
        for row in rows
    ]  # fmt: skip
    Meter.objects.bulk_create(meters, ignore_conflicts=True, batch_size=BATCH_ROWS)


def _add_points(rows: list[Row], units: dict[str | None, int]) -> None:
    areas = dict(Area.objects.values_list("code", "pk"))
    points = [
        UsagePoint(
            code=row["usage_point"],
            kind=row["kind"],
            area_id=areas[row["area"]] if row["area"] else None,
            unit_id=units[row.get("unit")],
            customer_class=row["class"] or row["kind"],
            capacity_w=row["capacity_w"],
            period_registers=row["kind"] == "customer" and row["class"] != TOTAL_ONLY,
            address=row["service_location"],
        )
        for row in rows
    ]
    UsagePoint.objects.bulk_create(points, ignore_conflicts=True, batch_size=BATCH_ROWS)


def _add_installations(registry: Row) -> None:
    points, meters = _point_ids(), _meter_ids()
    terminals = _terminals_by_meter(registry["terminals"])
    stored = {_key(row): row for row in Installation.objects.all()}
    new, ended = [], []
    for row in registry["installations"]:
        asked = Installation(
            usage_point_id=points[row["usage_point"]],
            meter_id=meters[row["meter"]],
            terminal_id=terminals.get(row["meter"]),
            multiplier=row["multiplier"],
            valid_from=datetime.fromisoformat(row["from"]),
            valid_to=datetime.fromisoformat(row["to"]) if row["to"] else None,
        )
        known = stored.get(_key(asked))
        if known is None:
            new.append(asked)
        elif known.valid_to is None and asked.valid_to is not None:
            known.valid_to = asked.valid_to
            ended.append(known)
    # What ends goes first: the next meter may hang from that very instant.
    Installation.objects.bulk_update(ended, ["valid_to"], batch_size=BATCH_ROWS)
    Installation.objects.bulk_create(new, batch_size=BATCH_ROWS)


def _key(row: Installation) -> Key:
    return row.usage_point_id, row.meter_id, row.valid_from


def _terminals_by_meter(rows: list[Row]) -> dict[str, int]:
    ids = dict(Terminal.objects.values_list("terminal_address", "pk"))
    return {meter: ids[row["terminal"]] for row in rows for meter in row["meters"]}


def _take_readings(registry: Row, by: Actor, at: datetime) -> Acceptance:
    """Take what the installer wrote down when a meter came and when it went."""
    points, meters = _point_ids(), _meter_ids()
    rows = [
        (points[row["usage_point"]], meters[row["meter"]], Register[name], instant, digits)
        for row in registry["installations"]
        for instant, noted in ((row["from"], row["first_digits"]), (row["to"], row["last_digits"]))
        for name, digits in (noted or {}).items()
    ]
    digest = hashlib.sha256(json.dumps(registry, sort_keys=True).encode()).hexdigest()
    evidence = evidence_number("registry", "registry", digest, by.id, at)
    return take_batch(ReadingBatch(Source.REGISTRY, evidence, registers=register_columns(rows)), None, at)


def register_columns(rows: list[tuple[int, int, Register, str, int]]) -> RegisterColumns:
    """Make columns of noted readings: point, meter, register, ISO time with zone, digits; all measured."""
    whole = np.array([(row[0], row[1], row[2], row[4]) for row in rows], dtype=np.int64).reshape(-1, 4)
    read_at = [instant64(datetime.fromisoformat(row[3]).astimezone(UTC)) for row in rows]
    return RegisterColumns(
        whole[:, 0], whole[:, 1], whole[:, 2], np.array(read_at, dtype="datetime64[us]"), whole[:, 3],
        np.full(len(rows), Quality.MEASURED, dtype=np.uint8),
    )  # fmt: skip


def _point_ids() -> dict[str, int]:
    return dict(UsagePoint.objects.values_list("code", "pk"))


def _meter_ids() -> dict[str, int]:
    return dict(Meter.objects.values_list("meter_number", "pk"))
