"""All rules with the count of their hits, and one rule with its limits and hits."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from mingdu.base.permissions import require
from mingdu.base.sheets import sheet_of
from mingdu.core.clock import civil_day
from mingdu.core.findings import Rule
from mingdu.faces.console.door import at_desk
from mingdu.faces.console.readings.queue import shown_rows
from mingdu.faces.identity import Asked
from mingdu.metering.queries.review import (
    EXPLAINED,
    OPEN,
    ReviewFilter,
    areas_seen,
    classes_seen,
    findings_to_review,
    rule_counts,
)
from mingdu.metering.zone import zone
from mingdu.rulebook.validation import validation_files, validation_rules_on

from .shown import class_words, limit_lines, rule_lines

# A hit that nobody has explained for so long is old.
OLD = timedelta(days=7)
MOST_LETTERS = 30


@require_safe
def rules(request: Asked) -> HttpResponse:
    """List the rules that hold today, those with the most grave open hits first."""
    by = at_desk(request)
    require(by, "metering.explain_finding")
    today = civil_day(request.now, zone())
    held = validation_rules_on(today)
    counts = rule_counts(by, request.now - OLD)
    page = {
        "rows": rule_lines(held, counts, _language()),
        "valid_from": held.valid_from,
        "source": held.marks.source,
        "is_verified": held.marks.is_verified,
        "old_days": OLD.days,
    }
    return render(request, "faces/console/rules/list.html", page)


@require_safe
def rule(request: Asked, name: str) -> HttpResponse:
    """Show one rule: what it looks for, what to do, its limits by class and model, and its hits."""
    by = at_desk(request)
    require(by, "metering.explain_finding")
    held = validation_rules_on(civil_day(request.now, zone()))
    entry = held.rules.get(Rule.__members__.get(name, Rule.GAP))
    if entry is None or name not in Rule.__members__:
        raise Http404
    wanted = _asked_for(request, name)
    sheet = sheet_of(request, findings_to_review(by, wanted))
    language = _language()
    page = {
        "entry": entry,
        "name": entry.name.of(language),
        "sentence": entry.sentence.of(language),
        "advice": entry.advice.of(language),
        "valid_from": held.valid_from,
        "limits": limit_lines(entry),
        "files": [each for each in validation_files() if entry.rule in each.rules],
        "sheet": sheet,
        "rows": shown_rows(by, list(sheet.rows), civil_day(request.now, zone())),
        "wanted": wanted,
        "areas": areas_seen(by),
        "classes": [(code, class_words(code)) for code in classes_seen(by)],
        "states": (OPEN, EXPLAINED),
    }
    return render(request, "faces/console/rules/rule.html", page)


def _asked_for(request: Asked, name: str) -> ReviewFilter:
    """Read the filter of the address; what it cannot be is left out."""
    asked = {
        each: request.GET.get(each, "")[:MOST_LETTERS].replace("\0", "")
        for each in ("day", "area", "point", "customer_class")
    }
    state = request.GET.get("state", OPEN)
    return ReviewFilter(
        name, _day(asked["day"]), asked["area"], asked["point"], asked["customer_class"],
        state if state in (OPEN, EXPLAINED, "") else OPEN,
    )  # fmt: skip


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _language() -> str:
    return get_language() or "zh-hans"
