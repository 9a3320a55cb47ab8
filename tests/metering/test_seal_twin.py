"""Whatever is accepted, corrected, sealed and brought back: a twin that is never sealed answers alike."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metering.sealing import DAYS, MONTH, READ_AT, close_month, midnight
from mingdu.base import ledger
from mingdu.base.actors import SYSTEM
from mingdu.base.database import reading_connection
from mingdu.core.clock import day_number
from mingdu.core.quality import Quality
from mingdu.core.registers import Channel, Register
from mingdu.metering import queries
from mingdu.metering.closing.bucket import KIND as CLOSE_KIND
from mingdu.metering.models import DayClosing, Installation, Meter, SealedPart, UsagePoint
from mingdu.metering.operations import accept_readings
from mingdu.metering.readings import CurveColumns, Intent
from mingdu.metering.sealing.bucket import SEAL_KIND, UNSEAL_KIND
from mingdu.metering.store.buckets import BUCKET_POINTS
from mingdu.metering.store.curves import fetch_curves
from mingdu.metering.store.point_days import point_days
from mingdu.metering.store.profiles import profiles_between
from mingdu.metering.store.registers import fetch_between, fetch_registers
from mingdu.metering.store.sealed_parts import sealed_folder

pytestmark = pytest.mark.database

SHORT = DAYS[:4]


@dataclass(frozen=True)
class Twins:
    """The same three homes twice, in two buckets; only the first is ever sealed."""

    network: Any
    twin: Any


@pytest.fixture
def twins(network: Any) -> Iterator[Twins]:
    points = tuple(_twin_point(point) for point in network.points)
    yield Twins(network, replace(network, points=points, meters=()))
    shutil.rmtree(sealed_folder(), ignore_errors=True)


def _twin_point(point: int) -> int:
    row = UsagePoint.objects.get(pk=point)
    hung = list(Installation.objects.filter(usage_point=row).select_related("meter"))
    row.pk, row.code = point + BUCKET_POINTS, f"T{row.code}"
    row.save(force_insert=True)
    for each in hung:
        number = f"9{each.meter.meter_number[1:]}"
        meter = Meter.objects.create(meter_number=number, meter_address=number, model=each.meter.model)
        Installation.objects.create(
            usage_point=row, meter=meter, valid_from=each.valid_from, valid_to=each.valid_to
        )
    return int(row.pk)


def act(twins: Twins, do: Callable[[Any], Any]) -> None:
    do(twins.network)
    do(twins.twin)


def run_all(kind: str, buckets: list[int], parameters: dict[str, Any], at: datetime) -> None:
    run = ledger.start_run(kind, at.isoformat(), buckets, by=SYSTEM, at=at, parameters=parameters)
    assert ledger.finish_run(run.pk, at).is_done, ledger.errors(run.pk)


def answers(network: Any, known_at: datetime | None) -> list[Any]:
    """Everything that reads curves and registers, without the ids."""
    conn, ids = reading_connection(), np.array(network.points)
    found: list[Any] = []
    for channel in (Channel.IMPORT, Channel.VOLTAGE_A):
        block = queries.curves(conn, ids, SHORT[0], len(SHORT), channel, known_at)
        found += [block.values.tolist(), block.quality.tolist(), block.version.tolist()]
        for point in network.points:
            days = point_days(conn, point, SHORT, channel, known_at)
            found += [(d.minutes, d.decimals, d.version, d.values.tolist(), d.quality.tolist()) for d in days]
    between = fetch_between(conn, ids, list(Register), (midnight(SHORT[0]), midnight(DAYS[5])), known_at)
    order = np.lexsort((between.read_at, between.register, between.place))
    between = between.take(order)
    found += [between.place.tolist(), between.version.tolist(), between.digits.tolist()]
    found += [between.quality.tolist(), between.read_at.tolist()]
    spans = queries.energy_of_spans(conn, network.points[0], [midnight(day) for day in DAYS[:5]], known_at)
    found += [spans.energy_wh.tolist(), spans.is_known.tolist(), spans.is_estimated.tolist()]
    first = day_number(MONTH)
    profiles = profiles_between(conn, ids, first, first + 31)
    found += [profiles.main_minutes.tolist(), profiles.main_decimals.tolist()]
    found.append(
        sorted(zip(profiles.day.tolist(), profiles.minutes.tolist(), profiles.decimals.tolist(), strict=True))
    )
    return found


def by_key(network: Any) -> list[Any]:
    """The look-ups of the door: keys out of order, one of them twice."""
    conn, count = reading_connection(), len(SHORT)
    points = np.array([network.points[1]] * (count + 1))
    days = np.array([day_number(day) for day in (*SHORT[::-1], SHORT[0])])
    nothing = np.zeros((count + 1, 96), dtype=np.int64)
    channel = np.full(count + 1, int(Channel.IMPORT))
    keys = CurveColumns(points, days, channel, nothing, nothing.astype(np.uint8))
    stored = fetch_curves(conn, keys)
    order = np.argsort(stored.place)
    found: list[Any] = [
        stored.place[order].tolist(),
        stored.version[order].tolist(),
        stored.values[order].tolist(),
    ]
    found.append(
        sorted(
            zip(
                stored.other.tolist(),
                stored.other_minutes.tolist(),
                stored.other_is_guess.tolist(),
                strict=True,
            )
        )
    )
    meters = dict(
        Installation.objects.filter(usage_point__in=network.points).values_list("usage_point", "meter")
    )
    wanted = network.registers([0, 0], at=midnight(SHORT[1]))
    wanted = replace(wanted, meter_id=np.array([meters[point] for point in network.points[:2]]))
    registers = fetch_registers(conn, wanted)
    rank = np.argsort(registers.place)
    return [
        *found,
        registers.place[rank].tolist(),
        registers.digits[rank].tolist(),
        registers.version[rank].tolist(),
    ]


def curves_of(network: Any, step: tuple[int, int, int, int]) -> CurveColumns:
    day, value, missing, kind = step
    curves = network.curves(value + np.arange(96) % 7, day=SHORT[day], missing=range(missing))
    if kind == 1:
        return replace(curves, channel=np.full(3, int(Channel.VOLTAGE_A)))
    if kind == 2:
        guessed = np.where(curves.quality == Quality.MISSING, curves.quality, Quality.ESTIMATED_FLAT)
        return replace(curves, quality=guessed.astype(np.uint8))
    if kind == 3:
        return replace(curves, values=curves.values[:, ::2], quality=curves.quality[:, ::2])
    return curves


NO_STEP = (0, 0, 0, 0)
STEP = st.tuples(st.integers(0, 3), st.integers(0, 300), st.integers(0, 20), st.integers(0, 3))
ACTS = st.one_of(
    st.tuples(st.sampled_from(["record", "correct"]), STEP),
    st.tuples(st.just("register"), STEP),
    st.tuples(st.sampled_from(["close", "seal", "unseal"]), st.just(NO_STEP)),
)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(acts=st.lists(ACTS, min_size=3, max_size=9))
def test_a_twin_that_is_never_sealed_answers_alike(twins: Twins, acts: list[tuple[str, Any]]) -> None:
    _begin()
    clock = READ_AT
    # Each example seals something and reads it, whatever else was drawn.
    begin = [("record", (0, 5, 3, 0)), ("register", (1, 9, 0, 0))]
    for what, step in [*begin, *acts, ("seal", NO_STEP), *acts[:2]]:
        clock += timedelta(hours=1)
        _do(twins, what, step, clock)
        for known_at in (None, READ_AT + timedelta(hours=3)):
            assert answers(twins.network, known_at) == answers(twins.twin, known_at)
        assert by_key(twins.network) == by_key(twins.twin)


def _do(twins: Twins, what: str, step: tuple[int, int, int, int], at: datetime) -> None:
    intent = Intent.CORRECT if what == "correct" else Intent.RECORD
    if what in ("record", "correct"):
        act(
            twins,
            lambda net: accept_readings(net.batch(curves_of(net, step), intent=intent), by=SYSTEM, at=at),
        )
    elif what == "register":
        read_at = midnight(SHORT[step[0]])
        digits = [step[1], 2 * step[1]]
        act(twins, lambda net: _correct(net, digits, read_at, at))
    elif what == "close":
        days = {"first": SHORT[0].isoformat(), "last": SHORT[-1].isoformat(), "by": "system"}
        run_all(CLOSE_KIND, [0, 1], days, at)
    else:
        # What is sealed has been closed before.
        close_month((0, 1), at)
        run_all(
            {"seal": SEAL_KIND, "unseal": UNSEAL_KIND}[what], [0], {"month": f"{MONTH}", "by": "system"}, at
        )


def _correct(network: Any, digits: list[int], read_at: datetime, at: datetime) -> None:
    batch = network.batch(registers=network.registers(digits, at=read_at), intent=Intent.CORRECT)
    accept_readings(batch, by=SYSTEM, at=at)


def _begin() -> None:
    """Each example begins with an empty month."""
    conn = reading_connection()
    for table in ("metering_curve", "metering_registerreading", "metering_readingconflict"):
        conn.execute(f"DELETE FROM {table}")
    DayClosing.objects.all().delete()
    SealedPart.objects.all().delete()
    ledger_rows = conn.execute("TRUNCATE base_run CASCADE")
    assert ledger_rows is not None
    shutil.rmtree(sealed_folder(), ignore_errors=True)
