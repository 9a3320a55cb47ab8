"""Rules and their limits as the pages say them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mingdu.core.findings import Severity
from mingdu.faces.console.readings.shown import severity_shown
from mingdu.metering.queries.review import RuleCount
from mingdu.rulebook.validation import LimitSet, PointKind, RuleEntry, ValidationRules
from mingdu.rulebook.validation_limits import RULE_LIMITS, Measure

CLASSES = {
    "residential": gettext_lazy("residential"),
    "commercial": gettext_lazy("commercial"),
    "large_industry": gettext_lazy("large industry"),
    "area": gettext_lazy("check meter of an area"),
}
# What a limit of a rule file is called; one word means the same in every rule.
LIMITS = {
    "intervals": gettext_lazy("intervals in a row"),
    "capacity_times": gettext_lazy("share of the capacity"),
    "like_hours_p99_times": gettext_lazy("of the 99th percentile of like hours"),
    "zero_hours": gettext_lazy("hours at zero"),
    "mean_before_wh": gettext_lazy("mean before, at least (Wh)"),
    "digits_each": gettext_lazy("digits for each period"),
    "mean_times": gettext_lazy("share of the mean before"),
    "known_days": gettext_lazy("known days before"),
    "energy_wh": gettext_lazy("energy (Wh)"),
    "zero_days": gettext_lazy("days at zero"),
    "digits": gettext_lazy("digits"),
    "energy_times": gettext_lazy("share of the energy"),
    "nominal": gettext_lazy("nominal voltage"),
    "low_times": gettext_lazy("lower share"),
    "high_times": gettext_lazy("upper share"),
    "least": gettext_lazy("at least"),
    "load_times": gettext_lazy("with a load above this share of the capacity"),
    "other_times": gettext_lazy("another phase at least"),
    "near_times": gettext_lazy("as near as"),
    "transformer_capacity": gettext_lazy("measured through transformers from"),
    "minutes": gettext_lazy("minutes"),
    "changes": gettext_lazy("changes within"),
    "most_intervals": gettext_lazy("intervals at most"),
    "demand_times": gettext_lazy("share of the demand"),
    "level_times": gettext_lazy("change of the level"),
    "days": gettext_lazy("days"),
}
UNITS = {Measure.TIMES: "×", Measure.VOLT: " V", Measure.KILOWATT: " kW"}


@dataclass(frozen=True)
class RuleLine:
    """A rule with the count of its hits."""

    entry: RuleEntry
    name: str
    sentence: str
    severity: str
    tone: str
    is_on: bool
    count: RuleCount

    @property
    def open(self) -> int:
        """Hits that nobody has explained."""
        return self.count.holds + self.count.tasks + self.count.notices


@dataclass(frozen=True)
class LimitLine:
    """The limits of a rule for some points; `severity` is "" where an exception leaves it."""

    whom: str
    limits: list[tuple[str, str]]
    severity: str
    tone: str
    is_off: bool
    source: str
    confidence: str
    is_verified: bool


def rule_lines(rules: ValidationRules, counts: Mapping[str, RuleCount], language: str) -> list[RuleLine]:
    """Return the rules, those with the gravest and most open hits first."""
    lines = [
        _rule_line(
            entry, counts.get(entry.rule.name, RuleCount(entry.rule.name, 0, 0, 0, 0, 0, None)), language
        )
        for entry in rules.rules.values()
    ]
    return sorted(
        lines, key=lambda line: (-line.count.holds, -line.count.tasks, -line.count.notices, line.entry.rule)
    )


def limit_lines(entry: RuleEntry) -> list[LimitLine]:
    """Return the limits for all points, then the exceptions."""
    return [_limit_line(entry, part) for part in (entry.default, *entry.exceptions)]


def class_words(code: str) -> str:
    """Name a customer class; one without a word stands as it is."""
    return str(CLASSES.get(code, code))


def _rule_line(entry: RuleEntry, count: RuleCount, language: str) -> RuleLine:
    severity = entry.default.severity or Severity.NOTICE
    name, sentence = entry.name.of(language), entry.sentence.of(language)
    return RuleLine(entry, name, sentence, *severity_shown(severity), bool(entry.default.is_on), count)


def _limit_line(entry: RuleEntry, part: LimitSet) -> LimitLine:
    known = RULE_LIMITS[entry.rule]
    limits = [
        (str(LIMITS[key]), f"{text}{UNITS.get(known[key].measure, '')}") for key, text in part.shown.items()
    ]
    severity, tone = severity_shown(part.severity) if part.severity else ("", "plain")
    marks = part.marks
    return LimitLine(
        _whom(part.kind), limits, severity, tone, part.is_on is False, marks.source, marks.confidence,
        marks.is_verified,
    )  # fmt: skip


def _whom(kind: PointKind) -> str:
    parts = [class_words(kind.customer_class)] if kind.customer_class else []
    parts += [_("meter model %(model)s") % {"model": kind.meter_model}] if kind.meter_model else []
    return ", ".join(parts) or _("all points")
