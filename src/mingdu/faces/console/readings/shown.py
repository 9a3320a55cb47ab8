"""A finding as its queue and its drawer show it: figures in words, the day's curve, the days before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from mingdu.base.charts import Bar, Chart, Mark, Words, bar_chart, line_chart
from mingdu.core.bill import thousandths_text
from mingdu.core.quality import ESTIMATED, Quality
from mingdu.core.registers import Register
from mingdu.faces.energy import EnergyDay, RegisterReading, energy_days, register_readings
from mingdu.faces.words import WORDS
from mingdu.metering.queries.review import DayEnergy, ReviewRow
from mingdu.metering.zone import INTERVAL_MINUTES, midnight

HISTORY_DAYS = 14
MOST_PERCENT = 100
# Hours between the labels of a curve.
EVERY_HOURS = 6
# Severities of core.findings by the code of their word and the tone of their mark.
SEVERITIES = {1: ("notice", "plain"), 2: ("task", "warn"), 3: ("hold", "bad")}
OF_INTERVALS = frozenset({"GAP", "STUCK"})
# A register that fell or rolled over broke no limit.
WITHOUT_LIMIT = frozenset({"NEGATIVE", "ROLL_OVER"})
OF_DIGITS = frozenset({"TOTAL_AGAINST_PERIODS"})


@dataclass(frozen=True)
class Deviation:
    """How far a day is from the usual one; `bar` is its size for the bar, 0 to 100."""

    words: str
    bar: int


@dataclass(frozen=True)
class RegisterLine:
    """What a register showed at both ends of the day; None where it was not read."""

    register: Register
    start: RegisterReading | None
    end: RegisterReading | None

    @property
    def moved(self) -> Decimal | None:
        """What it moved through the day, in its own unit before the multiplier."""
        return self.end.value - self.start.value if self.start and self.end else None


def severity_shown(severity: int) -> tuple[str, str]:
    """Return the code of a severity's word and its tone."""
    return SEVERITIES[severity]


def figure_words(row: ReviewRow) -> str:
    """Say a finding's figure and the limit that it broke, in the rule's own unit."""
    if row.rule in OF_INTERVALS:
        hours = Decimal(row.figure * row.interval_minutes) / 60
        return _("%(hours)s h without") % {"hours": f"{hours:.2f}".rstrip("0").rstrip(".")}
    if row.rule in OF_DIGITS:
        return _("%(figure)s kWh apart") % {"figure": f"{Decimal(row.figure) / 100:.2f}"}
    if row.rule in WITHOUT_LIMIT:
        return f"{thousandths_text(row.figure)} kWh"
    figure, limit = thousandths_text(row.figure), thousandths_text(row.threshold)
    return _("%(figure)s kWh, limit %(limit)s") % {"figure": figure, "limit": limit}


def span_words(row: ReviewRow) -> str:
    """Say from when to when the finding goes, by the clock."""
    step = row.interval_minutes
    return f"{_clock(row.first_interval * step)}–{_clock((row.latest_interval + 1) * step)}"


def deviation_shown(energy: DayEnergy) -> Deviation | None:
    """Return how far the day is from the usual one; None where one of both is not known."""
    percent = energy.deviation_percent
    if percent is None:
        return None
    return Deviation(f"{percent:+d}%", min(MOST_PERCENT, abs(percent)))


def curve_drawn(usage_point_id: int, day: date) -> Chart | None:
    """Draw the day's curve with its estimated parts marked; None when nothing of it is known."""
    curve = energy_days(usage_point_id, day, day)[0]
    if all(energy is None for energy in curve.energy_wh):
        return None
    step = curve.interval_minutes
    bars = [
        Bar(_clock(place * step), (energy,), _mark(quality))
        for place, (energy, quality) in enumerate(zip(curve.energy_wh, curve.quality, strict=True))
    ]
    words = Words(
        _("Energy by quarter hours") if step == INTERVAL_MINUTES else _("Energy of the day"),
        _("From"),
        (_("energy"),),
        "kWh",
        thousandths_text,
        EVERY_HOURS * 60 // step,
    )
    return line_chart(bars, words)


def history_drawn(usage_point_id: int, day: date) -> Chart:
    """Draw the energy of the days up to this one; days with an estimated part are hatched."""
    days = energy_days(usage_point_id, day - timedelta(days=HISTORY_DAYS - 1), day)
    bars = [Bar(f"{each.day:%m-%d}", (_sum(each),), _day_mark(each)) for each in days]
    words = Words(_("Energy by day"), _("Day"), (_("energy"),), "kWh", thousandths_text)
    return bar_chart(bars, words)


def register_lines(usage_point_id: int, day: date) -> list[RegisterLine]:
    """Return what the registers showed at the midnights before and after the day."""
    found = {(row.register, row.read_at): row for row in register_readings(usage_point_id, day, day)}
    start, end = day_ends(day)
    registers = sorted({register for register, at in found if at in (start, end)})
    return [RegisterLine(each, found.get((each, start)), found.get((each, end))) for each in registers]


def day_ends(day: date) -> tuple[datetime, datetime]:
    """Return the instants of the freezes before and after a day."""
    return midnight(day), midnight(day + timedelta(days=1))


def register_words(registers: list[Register]) -> str:
    """Name registers in a row."""
    return ", ".join(str(WORDS[register.name]) for register in registers)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _mark(quality: Quality) -> Mark:
    return Mark.ESTIMATED if quality in ESTIMATED else Mark.MEASURED


def _sum(day: EnergyDay) -> int | None:
    known = [energy for energy in day.energy_wh if energy is not None]
    return sum(known) if known else None


def _day_mark(day: EnergyDay) -> Mark:
    if any(quality in ESTIMATED for quality in day.quality):
        return Mark.ESTIMATED
    return Mark.PROVISIONAL if Quality.MISSING in day.quality else Mark.MEASURED
