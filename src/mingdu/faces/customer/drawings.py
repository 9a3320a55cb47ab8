"""The charts of customers' pages, made of figures that queries gave."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from mingdu.base.charts import Bar, Chart, Mark, Words, bar_chart, line_chart
from mingdu.billing.months import Month
from mingdu.core.bill import thousandths_text
from mingdu.core.registers import PERIOD_REGISTERS, Register
from mingdu.faces.energy import EnergyDay
from mingdu.faces.words import WORDS
from mingdu.metering.zone import INTERVAL_MINUTES

from .daily import USUAL_PERIODS, DayUse

# Drawn a little narrower than the narrowest phone shows it, so that its words are not made smaller.
WIDTH = 320
# A label each four hours.
LABEL_EVERY_MINUTES = 4 * 60


def registers_shown(days: Sequence[DayUse]) -> tuple[Register, ...]:
    """Return which periods the chart of these days stacks, the dearest lowest."""
    found = {register for use in days for register in use.shown_wh}
    return tuple(register for register in PERIOD_REGISTERS if register in found) or USUAL_PERIODS


def days_chart(days: Sequence[DayUse]) -> Chart:
    """Stack each day's energy by period; what has no period stands on top; estimates are hatched."""
    registers = registers_shown(days)
    has_rest = any(use.rest_wh is not None for use in days)
    names = [str(WORDS[register.name]) for register in registers]
    if has_rest:
        names.append(_("period not known"))
    bars = [
        Bar(
            f"{use.day:%m-%d}",
            (
                *(use.period_wh.get(register) for register in registers),
                *((use.rest_wh,) if has_rest else ()),
            ),
            mark_of(use),
        )
        for use in days
    ]
    return bar_chart(
        bars, Words(_("Energy by day"), _("Day"), tuple(names), _("kWh"), thousandths_text), width=WIDTH
    )


def mark_of(use: DayUse) -> Mark:
    """Return how sure a day's figure is."""
    if use.is_estimated:
        return Mark.ESTIMATED
    return Mark.PROVISIONAL if use.is_partial else Mark.MEASURED


def curve_chart(curve: EnergyDay) -> Chart:
    """Draw a day's energy interval by interval."""
    step = curve.interval_minutes
    bars = [Bar(_clock(place * step), (energy,)) for place, energy in enumerate(curve.energy_wh)]
    words = Words(
        _("Energy of the day by quarter hours") if step == INTERVAL_MINUTES else _("Energy of the day"),
        _("From"),
        (_("energy"),),
        _("kWh"),
        thousandths_text,
        LABEL_EVERY_MINUTES // step,
    )
    return line_chart(bars, words, width=WIDTH)


def months_chart(months: Sequence[Month]) -> Chart | None:
    """Draw thirteen months, what was billed and what the registers alone say; None where nothing is known."""
    if all(month.energy_wh is None for month in months):
        return None
    bars = [
        Bar(
            f"{month.first_day:%y-%m}",
            (month.energy_wh, None) if month.is_billed else (None, month.energy_wh),
            Mark.ESTIMATED if month.is_estimated else Mark.MEASURED,
        )
        for month in months
    ]
    names = (_("billed"), _("by the registers, no bill"))
    return bar_chart(
        bars, Words(_("Energy by month"), _("Month"), names, _("kWh"), thousandths_text), width=WIDTH
    )


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
