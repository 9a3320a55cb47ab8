"""Reads rules/retention/ (数据保存期限): how long readings and evidence are kept, which months are sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from mingdu.core.registers import Channel
from mingdu.errors import TradeError

from .document import Node, read_yaml_file
from .folders import find_rules_folder

SCHEMA = "mingdu/retention/1"
# Kinds of evidence whose content is stored beside their name.
EVIDENCE_KINDS = ("frame",)
# A bill may be contested for three years (民法典 第188条); what it rests on is kept at least that long.
LEAST_MONTHS = 36
BILLED = frozenset(
    {
        Channel.IMPORT, Channel.EXPORT, Channel.REACTIVE_Q1, Channel.REACTIVE_Q2, Channel.REACTIVE_Q3,
        Channel.REACTIVE_Q4,
    }
)  # fmt: skip


class NoRetention(TradeError):
    """No rule says on this day how long readings are kept."""

    next_step = "add a version that has begun to rules/retention/readings.yaml"


@dataclass(frozen=True)
class Retention:
    """
    How long things are kept.

    hot_months       whole months before that of today which stay in the tables
    ended_days       days that a sealed file stays after its end
    register_months  whole months that register readings are kept
    channel_months   the same of curves, by channel
    evidence_days    days that the content of evidence is kept, by kind
    """

    valid_from: date
    hot_months: int
    ended_days: int
    register_months: int
    channel_months: Mapping[Channel, int]
    evidence_days: Mapping[str, int]

    def latest_sealable(self, today: date) -> date:
        """Return the first day of the latest month that may be sealed."""
        return months_before(today, self.hot_months + 1)

    def oldest_kept(self, today: date, months: int) -> date:
        """Return the first day of the oldest month that is kept for so many whole months."""
        return months_before(today, months)


def months_before(day: date, months: int) -> date:
    """Return the first day of the month that lies so many before that of a day."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(years, month + 1, 1)


def retention_on(day: date, folder: Path | None = None) -> Retention:
    """
    Return what holds on a day.

    raises  NoRetention, BadDocument
    """
    begun = [version for version in _versions(folder) if version.valid_from <= day]
    if not begun:
        raise NoRetention(f"no retention is ruled on {day}", day=day.isoformat())
    return max(begun, key=lambda version: version.valid_from)


@cache
def _versions(folder: Path | None) -> tuple[Retention, ...]:
    document = read_yaml_file(find_rules_folder(folder) / "retention" / "readings.yaml")
    document.at("schema").choice([SCHEMA])
    return tuple(_version(node) for node in document.at("versions").items())


def _version(node: Node) -> Retention:
    node.only(("valid_from", "sealing", "registers", "channels", "evidence"))
    sealing = _sourced(node.at("sealing"), ("hot_months", "ended_days"))
    evidence = node.at("evidence")
    evidence.only(EVIDENCE_KINDS)
    for kind in EVIDENCE_KINDS:
        evidence.at(kind)
    return Retention(
        valid_from=node.at("valid_from").day(),
        hot_months=_positive(sealing.at("hot_months")),
        ended_days=_positive(sealing.at("ended_days")),
        register_months=_billed(_sourced(node.at("registers"), ("months",)).at("months")),
        channel_months=_channels(node.at("channels")),
        evidence_days={
            kind: _positive(_sourced(child, ("days",)).at("days"))
            for kind, child in evidence.entries().items()
        },
    )


def _channels(node: Node) -> dict[Channel, int]:
    months: dict[Channel, int] = {}
    for entry in node.items():
        _sourced(entry, ("channels", "months"))
        for name in entry.at("channels").items():
            channel = Channel[name.choice(Channel.__members__)]
            if channel in months:
                raise name.bad(f"{channel.name} is named twice")
            months[channel] = (_billed if channel in BILLED else _positive)(entry.at("months"))
    missing = [channel.name for channel in Channel if channel not in months]
    if missing:
        raise node.bad(f"nothing is said of {', '.join(missing)}")
    return months


def _billed(node: Node) -> int:
    """Refuse to let go what a bill within its period of limitation rests on."""
    found = node.whole()
    if found < LEAST_MONTHS:
        raise node.bad(f"{LEAST_MONTHS} months or more are expected: bills rest on it")
    return found


def _positive(node: Node) -> int:
    """Nothing may be ruled to be kept for no time at all."""
    found = node.whole()
    if found < 1:
        raise node.bad("one or more is expected")
    return found


def _sourced(node: Node, names: tuple[str, ...]) -> Node:
    """Refuse an entry that does not say where it comes from and how sure that is."""
    node.only((*names, "source", "verified"))
    node.at("source").text()
    node.at("verified").boolean()
    return node
