"""Reads rules/validation: the rules of the day close with their limits by customer class and meter model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mingdu.core.findings import OFF, Limit, Rule, Severity, Thresholds
from mingdu.errors import TradeError
from mingdu.rulebook.document import Node, read_yaml_file
from mingdu.rulebook.folders import find_rules_folder
from mingdu.rulebook.validation_limits import (
    FILL_LIMITS,
    LARGEST_PERMILLE,
    RULE_LIMITS,
    UNCERTAINTY_LIMITS,
    UNKNOWN_UNCERTAINTY,
    read_limit,
)

FIRST_SCHEMA, SCHEMA = "mingdu/validation/1", "mingdu/validation/2"
# The rules of the first schema; a file of it knows no others, and they are off.
FIRST_RULES = tuple(rule for rule in Rule if rule <= Rule.TOTAL_AGAINST_PERIODS)
FIRST_KEYS = ("rule", "code", "name", "severity", "limits")
MARKS = ("source", "confidence", "verified")
TEXTS = ("name", "sentence", "advice")

LANGUAGES = ("zh", "en")


class NoValidationRulesForDay(TradeError):
    """No rule file has limits for this day."""

    next_step = "add a dated file to rules/validation"


class Words(NamedTuple):
    """A text in both languages."""

    zh: str
    en: str

    def of(self, language: str) -> str:
        """Return the text for a reader."""
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True)
class PointKind:
    """What limits may depend on; in a rule file "" means any."""

    customer_class: str = ""
    meter_model: str = ""


class Marks(NamedTuple):
    """Where a limit comes from, how sure that is, and whether somebody has checked it."""

    source: str
    confidence: str
    is_verified: bool


@dataclass(frozen=True)
class LimitSet:
    """
    What a rule does for some points: in an exception only what differs is given.

    limits  by the file's key, as the kernels take them
    shown   the same, as they are written
    """

    kind: PointKind
    severity: Severity | None
    is_on: bool | None
    limits: Mapping[Limit, int]
    shown: Mapping[str, str]
    marks: Marks


@dataclass(frozen=True)
class RuleEntry:
    """
    One rule: what it is called and says, its limits, and where these differ.

    code      stable, for people
    sentence  what it looks for; advice: what to do about a hit
    """

    rule: Rule
    code: str
    name: Words
    sentence: Words
    advice: Words
    default: LimitSet
    exceptions: tuple[LimitSet, ...]

    def severity_for(self, kind: PointKind) -> Severity | None:
        """Return what a hit does at a point; None where the rule is off."""
        severity, is_on = self.default.severity, self.default.is_on
        for found in self.for_kind(kind):
            severity = severity if found.severity is None else found.severity
            is_on = is_on if found.is_on is None else found.is_on
        return severity if is_on else None

    def for_kind(self, kind: PointKind) -> list[LimitSet]:
        """Return the limits for a point, from the general to the special: of the class, the model, both."""
        asked = (
            PointKind(kind.customer_class), PointKind("", kind.meter_model),
            PointKind(kind.customer_class, kind.meter_model),
        )  # fmt: skip
        by_kind = {each.kind: each for each in self.exceptions}
        return [self.default, *(by_kind[each] for each in asked if each in by_kind)]


@dataclass(frozen=True)
class ValidationRules:
    """Rules that hold from a day on, and where their limits come from."""

    valid_from: date
    marks: Marks
    rules: Mapping[Rule, RuleEntry]
    fills: Mapping[Limit, int]
    ratios: tuple[int, ...]

    def thresholds(self, kinds: Sequence[PointKind]) -> Thresholds:
        """Return the thresholds of some kinds of points, in this order; a point's kind is its place here."""
        limits = np.zeros((len(kinds), max(Limit) + 1), dtype=np.int64)
        severity = np.full((len(kinds), max(Rule) + 1), OFF, dtype=np.uint8)
        for place, kind in enumerate(kinds):
            for limit, figure in self._limits(kind).items():
                limits[place, limit] = figure
            for rule, entry in self.rules.items():
                severity[place, rule] = entry.severity_for(kind) or OFF
        return Thresholds(limits, severity, np.array(self.ratios, dtype=np.int64))

    def _limits(self, kind: PointKind) -> dict[Limit, int]:
        found = dict(self.fills)
        for entry in self.rules.values():
            for part in entry.for_kind(kind):
                found |= part.limits
        return found


def validation_rules_on(day: date, rules_folder: Path | None = None) -> ValidationRules:
    """
    Return the rules that hold on a day: those of the latest file that is valid from that day or earlier.

    rules_folder  folder rules/; None: that of this checkout
    raises        NoValidationRulesForDay, BadDocument, BadUnit
    """
    valid = [rules for rules in validation_files(rules_folder) if rules.valid_from <= day]
    if not valid:
        raise NoValidationRulesForDay(f"no validation rules for {day}", day=day.isoformat())
    return valid[-1]


def validation_files(rules_folder: Path | None = None) -> list[ValidationRules]:
    """Return all dated files, the oldest first; raises BadDocument, BadUnit."""
    folder = find_rules_folder(rules_folder) / "validation"
    files = [_read_once(path, path.stat().st_mtime_ns) for path in sorted(folder.glob("*.yaml"))]
    return sorted(files, key=lambda rules: rules.valid_from)


@lru_cache(maxsize=16)
def _read_once(path: Path, _changed: int) -> ValidationRules:
    """Read a file again only when it was changed: a close asks for it at every step."""
    return read_validation_rules(path)


def read_validation_rules(path: Path) -> ValidationRules:
    """
    Read one file of either schema.

    raises  BadDocument: a rule is missing, twice or misspelt, or a limit is out of range; BadUnit
    """
    node = read_yaml_file(path)
    schema = node.at("schema").choice((SCHEMA, FIRST_SCHEMA))
    is_first = schema == FIRST_SCHEMA
    more = () if is_first else ("transformer_ratios",)
    node.only(("schema", "valid_from", *MARKS, "rules", "fills", *more))
    marks = _marks(node, None)
    entries = _rules(node.at("rules"), marks, is_first)
    return ValidationRules(
        valid_from=node.at("valid_from").day(),
        marks=marks,
        rules=entries,
        fills=_fills(node.at("fills"), is_first),
        ratios=() if is_first else _ratios(node.at("transformer_ratios")),
    )


def _fills(node: Node, is_first: bool) -> dict[Limit, int]:
    """Read where each method ends, and how far its fills may be from the truth."""
    node.only(FILL_LIMITS if is_first else (*FILL_LIMITS, "uncertainty"))
    fills = {known.limit: read_limit(node, key, known) for key, known in FILL_LIMITS.items()}
    shares = None if is_first else node.at("uncertainty")
    if shares:
        shares.only(UNCERTAINTY_LIMITS)
    for method, limits in UNCERTAINTY_LIMITS.items():
        fills |= zip(limits, _shares(shares.at(method)) if shares else UNKNOWN_UNCERTAINTY, strict=True)
    return fills


def _shares(node: Node) -> tuple[int, int]:
    shares = [item.scaled("times", 3) for item in node.items()]
    if len(shares) != 2 or not 0 <= shares[0] <= 1000 <= shares[1] <= LARGEST_PERMILLE:
        raise node.bad("two factors are expected, one up to 1 and one from 1")
    return shares[0], shares[1]


def _rules(node: Node, marks: Marks, is_first: bool) -> dict[Rule, RuleEntry]:
    wanted = FIRST_RULES if is_first else tuple(Rule)
    entries: dict[Rule, RuleEntry] = {}
    for item in node.items():
        rule = Rule[item.at("rule").choice([each.name for each in wanted])]
        if rule in entries:
            raise item.bad(f"{rule.name} comes twice", "rule")
        entries[rule] = _entry(item, rule, marks, is_first)
    missing = sorted(rule.name for rule in wanted if rule not in entries)
    if missing:
        raise node.bad(f"{missing[0]} is missing")
    return entries


def _entry(item: Node, rule: Rule, marks: Marks, is_first: bool) -> RuleEntry:
    item.only(FIRST_KEYS if is_first else (*FIRST_KEYS, *TEXTS, *MARKS, "active", "exceptions"))
    code, name = item.at("code").text(), _words(item.at("name"))
    if is_first:
        default = _limit_set(item, rule, PointKind(), marks, is_whole=True)
        return RuleEntry(rule, code, name, name, Words("", ""), default, ())
    own = _marks(item, marks)
    default = _limit_set(item, rule, PointKind(), own, is_whole=True)
    exceptions = item.find("exceptions")
    return RuleEntry(
        rule=rule,
        code=code,
        name=name,
        sentence=_words(item.at("sentence")),
        advice=_words(item.at("advice")),
        default=default,
        exceptions=_exceptions(exceptions, rule, own) if exceptions else (),
    )


def _exceptions(node: Node, rule: Rule, marks: Marks) -> tuple[LimitSet, ...]:
    found: dict[PointKind, LimitSet] = {}
    for item in node.items():
        item.only(("customer_class", "meter_model", "severity", "active", "limits", *MARKS))
        kind = PointKind(_optional_text(item, "customer_class"), _optional_text(item, "meter_model"))
        if kind == PointKind():
            raise item.bad("customer_class or meter_model is missing")
        if kind in found:
            raise item.bad("this class and model come twice")
        found[kind] = _limit_set(item, rule, kind, _marks(item, marks), is_whole=False)
    return tuple(found.values())


def _limit_set(item: Node, rule: Rule, kind: PointKind, marks: Marks, *, is_whole: bool) -> LimitSet:
    """Read severity, switch and limits; an exception may leave out what does not differ."""
    known, severity, active = RULE_LIMITS[rule], item.find("severity"), item.find("active")
    given = item.at("limits") if is_whole else item.find("limits")
    entries = given.entries() if given else {}
    if given:
        given.only(known)
    if is_whole:
        severity = item.at("severity")
    keys = list(known) if is_whole else [key for key in known if key in entries]
    return LimitSet(
        kind=kind,
        severity=Severity[severity.choice(Severity.__members__)] if severity else None,
        is_on=active.boolean() if active else (True if is_whole else None),
        limits={known[key].limit: read_limit(given, key, known[key]) for key in keys if given},
        shown={key: str(entries[key].value) for key in keys},
        marks=marks,
    )


def _marks(node: Node, inherited: Marks | None) -> Marks:
    """Read where the limits come from; what an entry does not say is what the file says."""
    if inherited is None:
        confidence = node.at("confidence").text()
        return Marks(node.at("source").text(), confidence, node.at("verified").boolean())
    source, confidence_node, verified = (node.find(name) for name in MARKS)
    return Marks(
        source.text() if source else inherited.source,
        confidence_node.text() if confidence_node else inherited.confidence,
        verified.boolean() if verified else inherited.is_verified,
    )


def _words(node: Node) -> Words:
    node.only(LANGUAGES)
    return Words(node.at("zh").text(), node.at("en").text())


def _optional_text(node: Node, name: str) -> str:
    found = node.find(name)
    return found.text() if found else ""


def _ratios(node: Node) -> tuple[int, ...]:
    ratios = tuple(item.whole() for item in node.items())
    if not ratios or ratios[0] < 2 or any(after <= before for before, after in pairwise(ratios)):
        raise node.bad("ratios rise from 2")
    return ratios
