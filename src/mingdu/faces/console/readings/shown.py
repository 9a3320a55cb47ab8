"""A finding as its queue and its drawer show it: figures in words, the day's curve, the days before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mingdu.base.charts import Bar, Chart, Mark, Words, bar_chart, line_chart
from mingdu.core.bill import thousandths_text
from mingdu.core.findings import FIGURE_UNIT, Rule, Unit
from mingdu.core.quality import ESTIMATED, Quality
from mingdu.core.registers import Register
from mingdu.faces.energy import EnergyDay, RegisterReading, energy_days, register_readings
from mingdu.faces.words import WORDS
from mingdu.metering.queries.estimates import estimates_of_day
from mingdu.metering.queries.review import DayEnergy, ReviewRow
from mingdu.metering.zone import INTERVAL_MINUTES, midnight

HISTORY_DAYS = 14
MOST_PERCENT = 100
# Hours between the labels of a curve.
EVERY_HOURS = 6
# Severities of core.findings by the code of their word and the tone of their mark.
SEVERITIES = {1: ("notice", "plain"), 2: ("task", "warn"), 3: ("hold", "bad")}
# A register that fell or rolled over broke no limit; a shift has none.
WITHOUT_LIMIT = frozenset({"NEGATIVE", "ROLL_OVER", "SHIFTED_INTERVALS", "EXCHANGE_WITHOUT_READINGS"})
METHODS = {
    Quality.ESTIMATED_LINEAR: gettext_lazy("straight line"),
    Quality.ESTIMATED_LIKE_DAYS: gettext_lazy("own like days"),
    Quality.ESTIMATED_PROFILE: gettext_lazy("profile of the class"),
    Quality.ESTIMATED_FLAT: gettext_lazy("mean interval"),
}
# What a figure is told in: its unit, and how many of its digits stand behind the point.
UNITS = {
    Unit.WATT_HOUR: ("kWh", 3),
    Unit.DIGIT: ("kWh", 2),
    Unit.DECIVOLT: ("V", 1),
    Unit.MILLIAMPERE: ("A", 3),
    Unit.THOUSANDTH: ("", 3),
    Unit.MINUTE: ("min", 0),
    Unit.WATT: ("kW", 3),
    Unit.COUNT: ("", 0),
}


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


@dataclass(frozen=True)
class EstimateLine:
    """A gap that was filled; `between` is "" where registers give its energy."""

    span: str
    method: str
    energy: str
    between: str


def severity_shown(severity: int) -> tuple[str, str]:
    """Return the code of a severity's word and its tone."""
    return SEVERITIES[severity]


def figure_words(row: ReviewRow) -> str:
    """Say a finding's figure and the limit that it broke, in the rule's own unit."""
    unit = FIGURE_UNIT[Rule[row.rule]] if row.rule in Rule.__members__ else Unit.WATT_HOUR
    if unit is Unit.INTERVAL:
        hours = Decimal(row.figure * row.interval_minutes) / 60
        words = (
            _("%(hours)s h alike") if row.rule == Rule.DUPLICATE_INTERVALS.name else _("%(hours)s h without")
        )
        return words % {"hours": f"{hours:.2f}".rstrip("0").rstrip(".")}
    if unit is Unit.DIGIT:
        return _("%(figure)s kWh apart") % {"figure": f"{Decimal(row.figure) / 100:.2f}"}
    if unit is Unit.DAY:
        return _("%(days)s days") % {"days": row.figure}
    name, decimals = UNITS[unit]
    if row.rule in WITHOUT_LIMIT:
        return f"{_figure_text(row.figure, decimals)} {name}".strip()
    figure, limit = _figure_text(row.figure, decimals), _figure_text(row.threshold, decimals)
    said = {"figure": f"{figure} {name}".strip(), "limit": limit}
    return _("%(figure)s, limit %(limit)s") % said


def _figure_text(figure: int, decimals: int) -> str:
    """Write a figure without the zeros that stand behind it."""
    text = f"{Decimal(figure).scaleb(-decimals):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


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


def estimate_lines(usage_point_id: int, day: date) -> list[EstimateLine]:
    """Say what of the day was estimated, how, and between what the truth lies."""
    return [
        EstimateLine(
            f"{_clock(each.first_interval * each.interval_minutes)}–"
            f"{_clock((each.latest_interval + 1) * each.interval_minutes)}",
            str(METHODS[each.method]),
            thousandths_text(each.energy_wh),
            "" if each.is_exact else f"{thousandths_text(each.low_wh)}–{thousandths_text(each.high_wh)}",
        )
        for each in estimates_of_day(usage_point_id, day)
    ]


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
