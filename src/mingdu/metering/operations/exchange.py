"""Meter exchange (换表): the old meter's last registers, the new one's first, and both installations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import IntegrityError, transaction

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.database import transaction_connection
from mingdu.base.outbox import publish
from mingdu.base.permissions import require
from mingdu.core.registers import Register
from mingdu.errors import TradeError
from mingdu.metering.events import MeterExchanged
from mingdu.metering.intake.door import evidence_number, take_batch
from mingdu.metering.models import Installation, Meter, UsagePoint
from mingdu.metering.readings import FutureReading, NotInstalled, ReadingBatch, Source
from mingdu.metering.store.buckets import lock_buckets
from mingdu.rulebook.meters import meter_model

from .network import register_columns


class MeterInUse(TradeError):
    """The new meter hangs at another usage point at that time."""

    next_step = "check the meter's number"


@dataclass(frozen=True)
class NewMeter:
    """The meter that was put in."""

    meter_number: str
    meter_address: str
    model: str
    multiplier: int


@dataclass(frozen=True)
class Exchange:
    """
    What the installer wrote down.

    final, first  digits of each register of the old and the new meter at that instant
    """

    new_meter: NewMeter
    exchanged_at: datetime
    final: Mapping[Register, int]
    first: Mapping[Register, int]


def meter_exchange(usage_point: UsagePoint, exchange: Exchange, *, by: Actor, at: datetime) -> Installation:
    """
    Close the old installation, open the new one, keep the registers of both; the same again changes nothing.

    raises  NotPermitted; FutureReading; NotInstalled: no meter hung there; MeterInUse; BadValue
    """
    require(by, "metering.register", usage_point.unit_id)
    if exchange.exchanged_at > at:
        raise FutureReading(f"{exchange.exchanged_at.isoformat()} has not come yet", now=at.isoformat())
    try:
        with transaction.atomic():
            lock_buckets(transaction_connection(), np.array([usage_point.pk]))
            return _known(usage_point, exchange) or _exchange(usage_point, exchange, by, at)
    except IntegrityError as broken:
        number = exchange.new_meter.meter_number
        raise MeterInUse(f"meter {number} hangs elsewhere at that time", meter=number) from broken


def _known(usage_point: UsagePoint, exchange: Exchange) -> Installation | None:
    return Installation.objects.filter(
        usage_point=usage_point,
        meter__meter_number=exchange.new_meter.meter_number,
        valid_from=exchange.exchanged_at,
    ).first()


def _exchange(usage_point: UsagePoint, exchange: Exchange, by: Actor, at: datetime) -> Installation:
    old = Installation.objects.filter(
        usage_point=usage_point, valid_from__lt=exchange.exchanged_at, valid_to__isnull=True
    ).first()
    if old is None:
        when = exchange.exchanged_at.isoformat()
        raise NotInstalled(f"no meter hangs at {usage_point.code} at {when}", usage_point=usage_point.code)
    old.valid_to = exchange.exchanged_at
    old.save(update_fields=["valid_to"])
    new = Installation.objects.create(
        usage_point=usage_point, meter=_meter(exchange.new_meter), terminal_id=old.terminal_id,
        multiplier=exchange.new_meter.multiplier, valid_from=exchange.exchanged_at,
    )  # fmt: skip
    _keep_registers(old, new, exchange, by, at)
    told = MeterExchanged(usage_point.pk, old.meter_id, new.meter_id, exchange.exchanged_at.isoformat())
    publish(told, at=at)
    details = {"old_meter": old.meter_id, "new_meter": new.meter_id}
    audit.record(by, "metering.meter_exchange", f"usage_point:{usage_point.code}", at=at, details=details)
    return new


def _meter(new: NewMeter) -> Meter:
    meter, _ = Meter.objects.get_or_create(
        meter_number=new.meter_number,
        defaults={
            "meter_address": new.meter_address,
            "model": new.model,
            "digits": meter_model(new.model).energy.digits,
        },
    )
    return meter


def _keep_registers(
    old: Installation, new: Installation, exchange: Exchange, by: Actor, at: datetime
) -> None:
    when = exchange.exchanged_at.isoformat()
    rows = [
        (old.usage_point_id, old.meter_id, register, when, digits)
        for register, digits in exchange.final.items()
    ]
    rows += [
        (new.usage_point_id, new.meter_id, register, when, digits)
        for register, digits in exchange.first.items()
    ]
    evidence = evidence_number("exchange", f"installation:{new.pk}", "", by.id, at)
    acceptance = take_batch(
        ReadingBatch(Source.EXCHANGE, evidence, registers=register_columns(rows)), None, at
    )
    if acceptance.bad:
        raise acceptance.bad[0].error
