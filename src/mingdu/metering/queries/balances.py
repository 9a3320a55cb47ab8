"""Looking at the balances of areas (台区线损): by day, by month, and who may explain a loss."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from django.db.models import Count, Max, Q, Sum

from mingdu.base.actors import Actor
from mingdu.base.database import reading_connection
from mingdu.base.permissions import require, scope
from mingdu.core.area_balance import PPM, Verdict, balance
from mingdu.core.area_suspects import better_areas, suspects
from mingdu.metering.models import Area, AreaDay
from mingdu.metering.queries.area_energies import fetch_area_days
from mingdu.rulebook.area_balance import balance_rules

from .points import codes_of_ids, points

VERB = "metering.read_balances"
# Suspected theft is for inspectors alone (稽查).
SUSPECTS = "metering.read_suspects"
MOST_SUSPECTS = 20


@dataclass(frozen=True)
class AreaMonth:
    """
    An area's aligned days of a span added up [Wh].

    days, above, below, not_aligned   how many days there are, and of which verdict
    technical_ppm                     expected share of what was sold, of the latest day
    """

    code: str
    name: str
    supplied_wh: int
    sold_wh: int
    technical_wh: int
    technical_ppm: int
    days: int
    above: int
    below: int
    not_aligned: int

    @property
    def loss_wh(self) -> int:
        """Supplied less sold."""
        return self.supplied_wh - self.sold_wh

    @property
    def loss_ppm(self) -> int | None:
        """The loss as a share of what was sold; None where nothing was."""
        return self.loss_wh * PPM // self.sold_wh if self.sold_wh else None

    @property
    def unexplained_wh(self) -> int:
        """What the technical loss does not explain."""
        return self.loss_wh - self.technical_wh


@dataclass(frozen=True)
class BalancedDay:
    """One day of an area, energies in Wh; `missing` points were not read at both midnights."""

    day: date
    is_supplied: bool
    supplied_wh: int
    sold_wh: int
    missing: int
    loss_wh: int
    technical_wh: int
    verdict: Verdict


@dataclass(frozen=True)
class Suspect:
    """
    A point that goes with its area's unexplained loss, or that would fit another area better.

    step, drop_ppm, use_ppm   as core.area_suspects.Suspects
    better_area         code of the area, "" without one; saved_ppm how much better
    """

    usage_point: str
    step: int
    drop_ppm: int
    use_ppm: int
    better_area: str
    saved_ppm: int


def area_months(by: Actor, first: date, last: date) -> list[AreaMonth]:
    """Return the areas of the actor's units, their aligned days added up, the largest share lost first."""
    require(by, VERB)
    units = scope(by, VERB).unit_ids
    rows = AreaDay.objects.filter(day__range=(first, last))
    if units is not None:
        rows = rows.filter(area__unit_id__in=units)
    aligned = ~Q(verdict=Verdict.NOT_ALIGNED)
    summed = rows.values("area__code", "area__name").annotate(
        supplied=Sum("supplied_wh", filter=aligned, default=0),
        sold=Sum("sold_wh", filter=aligned, default=0),
        technical=Sum("technical_wh", filter=aligned, default=0), ppm=Max("technical_ppm"),
        days=Count("pk"), above=Count("pk", filter=Q(verdict=Verdict.ABOVE)),
        below=Count("pk", filter=Q(verdict=Verdict.BELOW)), loose=Count("pk", filter=~aligned),
    )  # fmt: skip
    found = [
        AreaMonth(
            row["area__code"], row["area__name"], row["supplied"], row["sold"], row["technical"], row["ppm"],
            row["days"], row["above"], row["below"], row["loose"],
        )
        for row in summed
    ]  # fmt: skip
    return sorted(found, key=lambda each: (-(each.loss_ppm or 0), each.code))


def area_days(by: Actor, area_code: str, first: date, last: date) -> list[BalancedDay]:
    """Return the days of one area of the actor's units, the earliest first; a foreign one has none."""
    require(by, VERB)
    units = scope(by, VERB).unit_ids
    rows = AreaDay.objects.filter(area__code=area_code, day__range=(first, last))
    if units is not None:
        rows = rows.filter(area__unit_id__in=units)
    return [
        BalancedDay(
            row.day, row.is_supplied, row.supplied_wh, row.sold_wh, row.missing, row.loss_wh,
            row.technical_wh, Verdict(row.verdict),
        )
        for row in rows.order_by("day")
    ]  # fmt: skip


def suspects_of(by: Actor, area_code: str, last: date) -> list[Suspect]:
    """
    Return the points of an area that may explain its loss, from the days up to one; inspectors only.

    Neighbours are the areas of the same unit. Nothing is kept: a suspicion that is not looked into is none.
    """
    require(by, SUSPECTS)
    units = scope(by, SUSPECTS).unit_ids
    area = Area.objects.filter(code=area_code).first()
    if area is None or (units is not None and area.unit_id not in units):
        return []
    rules, conn = balance_rules(), reading_connection()
    codes = dict(Area.objects.filter(unit_id=area.unit_id).values_list("pk", "code"))
    area_ids = np.array(sorted(codes), dtype=np.int64)
    begin = last - timedelta(days=rules.look_back_days - 1)
    fetched = fetch_area_days(conn, points(conn), area_ids, begin, rules.look_back_days)
    found = balance(fetched.days, rules.band)
    ranked = suspects(fetched.days, found, rules.explains_ppm)
    better, saved = better_areas(fetched.days, found)
    mine = fetched.area_ids[fetched.days.area] == area.pk
    fits_elsewhere = saved >= rules.better_area_ppm
    # Who explains something first, in his order; then who only fits another area better.
    order = np.lexsort((-saved, np.where(ranked.step > 0, ranked.step, MOST_SUSPECTS)))
    is_named = mine & ((ranked.step > 0) | fits_elsewhere)
    rows = [row for row in order.tolist() if is_named[row]][:MOST_SUSPECTS]
    names = codes_of_ids(conn, fetched.point_ids[rows])
    return [
        Suspect(
            names[int(fetched.point_ids[row])], int(ranked.step[row]), int(ranked.drop_ppm[row]),
            int(ranked.use_ppm[row]), codes[int(area_ids[better[row]])] if fits_elsewhere[row] else "",
            int(saved[row]),
        )
        for row in rows
    ]  # fmt: skip
