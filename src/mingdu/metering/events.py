"""What metering tells the subjects above; plain values, days and times as ISO text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadingsAccepted:
    """New values of one evidence stand."""

    evidence_id: int
    source: int
    accepted: int
    conflicts: int
    bad: int


@dataclass(frozen=True)
class ReadingConflictFound:
    """
    Values differ from stored ones; both are kept and a person decides.

    item      name of the channel or register
    first_at  the earliest of the times in conflict
    count     how many intervals or readings of this item and civil day
    """

    usage_point_id: int
    unit_id: int
    item: str
    day: str
    first_at: str
    count: int


@dataclass(frozen=True)
class ReadingsCorrected:
    """A stored register value was corrected: a next version stands."""

    usage_point_id: int
    register: int
    read_at: str


@dataclass(frozen=True)
class FindingOpened:
    """A validation rule hit; `severity` is core.findings.Severity (1 notice, 2 task, 3 hold)."""

    finding_id: int
    usage_point_id: int
    unit_id: int
    rule: str
    day: str
    severity: int


@dataclass(frozen=True)
class FindingExplained:
    """A person has explained a finding."""

    finding_id: int
    usage_point_id: int
    rule: str
    day: str
    reason: str


@dataclass(frozen=True)
class FindingReopened:
    """An explanation was taken back; `closure_id` is the number that it had."""

    finding_id: int
    usage_point_id: int
    rule: str
    day: str
    severity: int
    closure_id: int


@dataclass(frozen=True)
class MeterExchanged:
    """Another meter hangs at the point from that time on."""

    usage_point_id: int
    old_meter_id: int
    new_meter_id: int
    exchanged_at: str
