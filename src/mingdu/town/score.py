"""Findings held against the planted faults: how many were found, and how often there was a false alarm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mingdu.core.findings import Rule
from mingdu.errors import TradeError
from mingdu.town.faults import Kind
from mingdu.town.span import INTERVAL_MINUTES, ZONE

# Metering's rules do not see a thief; a balance of the area does, and may be scored under this name.
AREA_BALANCE = "AREA_BALANCE"
# The rules whose finding counts as seeing a fault. An exchange that the register explains needs no finding.
RULES_OF = {
    Kind.GAP: (Rule.GAP.name,),
    Kind.SPIKE: (Rule.SPIKE.name, Rule.OVER_CAPACITY.name),
    Kind.STUCK: (Rule.STUCK.name,),
    Kind.ROLL_OVER: (Rule.ROLL_OVER.name,),
    Kind.REVERSED: (Rule.NEGATIVE.name,),
    Kind.EXCHANGE: (Rule.NEGATIVE.name, Rule.ROLL_OVER.name),
    Kind.THIEF: (AREA_BALANCE,),
}
KNOWN_RULES = frozenset([*Rule.__members__, AREA_BALANCE])


class BadFinding(TradeError):
    """A line of the findings file cannot be read."""

    next_step = "give usage_point, the rule's name, and day, first_interval, latest_interval or first, last"


@dataclass(frozen=True)
class ScoredFinding:
    """What a rule said: which point, which rule, from the first to the last moment."""

    usage_point: str
    rule: str
    first: datetime
    last: datetime


@dataclass(frozen=True)
class FamilyScore:
    """
    The score of one kind of fault.

    planted, found   faults of the kind, and those that a fitting rule touched
    false_alarms     findings of its rules that touch no planted fault of their point
    meter_days       how many days of a meter were watched
    """

    kind: Kind
    planted: int
    found: int
    false_alarms: int
    meter_days: int

    def as_json(self) -> dict[str, Any]:
        """Return the figures; recall in per mille of the planted, false alarms for a million meter-days."""
        return {
            "kind": self.kind.value,
            "planted": self.planted,
            "found": self.found,
            "recall_per_mille": self.found * 1_000 // self.planted if self.planted else None,
            "false_alarms": self.false_alarms,
            "false_alarms_per_million_meter_days": self.false_alarms * 1_000_000 // self.meter_days,
        }


def read_findings(rows: Iterable[Mapping[str, Any]]) -> list[ScoredFinding]:
    """
    Read findings as metering tells them: usage_point, rule, day, first_interval, latest_interval.

    Instead of these three a row may have first and last; times without zone are the meters' local time.

    raises  BadFinding: a column is missing, a time cannot be read, or no rule has the name
    """
    return [_finding(row, number) for number, row in enumerate(rows, start=1)]


def score(findings: Sequence[ScoredFinding], truth: Mapping[str, Any], meter_days: int) -> list[FamilyScore]:
    """Score every kind of fault; `truth` is what `truth_of` told."""
    spans: dict[str, list[tuple[Kind, datetime, datetime]]] = {}
    for fault in truth["faults"]:
        span = (Kind(fault["kind"]), _moment(fault["from"]), _moment(fault["to"]))
        spans.setdefault(fault["usage_point"], []).append(span)
    by_point: dict[str, list[ScoredFinding]] = {}
    for finding in findings:
        by_point.setdefault(finding.usage_point, []).append(finding)
    return [_family(kind, spans, by_point, meter_days) for kind in Kind]


def _family(
    kind: Kind,
    spans: Mapping[str, list[tuple[Kind, datetime, datetime]]],
    by_point: Mapping[str, list[ScoredFinding]],
    meter_days: int,
) -> FamilyScore:
    rules = RULES_OF[kind]
    planted = [(point, a, b) for point, faults in spans.items() for each, a, b in faults if each is kind]
    found = sum(
        any(finding.rule in rules and _touches(finding, a, b) for finding in by_point.get(point, ()))
        for point, a, b in planted
    )
    false_alarms = sum(
        finding.rule in rules and not any(_touches(finding, a, b) for _, a, b in spans.get(point, ()))
        for point, said in by_point.items()
        for finding in said
    )
    return FamilyScore(kind, len(planted), found, false_alarms, meter_days)


def _touches(finding: ScoredFinding, first: datetime, last: datetime) -> bool:
    return finding.first <= last and first <= finding.last


def _finding(row: Mapping[str, Any], number: int) -> ScoredFinding:
    try:
        if row["rule"] not in KNOWN_RULES:
            raise BadFinding(f"finding {number}: no rule {row['rule']}", number=number, rule=row["rule"])
        return ScoredFinding(row["usage_point"], row["rule"], *_span(row))
    except (KeyError, ValueError, TypeError) as cause:
        raise BadFinding(f"finding {number} cannot be read: {cause!r}", number=number) from cause


def _span(row: Mapping[str, Any]) -> tuple[datetime, datetime]:
    if "day" not in row:
        return _moment(row["first"]), _moment(row["last"])
    midnight = _moment(f"{row['day']}")
    steps = (int(row[name]) for name in ("first_interval", "latest_interval"))
    first, last = (midnight + timedelta(minutes=INTERVAL_MINUTES * step) for step in steps)
    return first, last


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=ZONE)
