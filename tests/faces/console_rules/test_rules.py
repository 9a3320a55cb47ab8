"""Rules and their hits at the desk: the list, one rule, its limits, its filter, who may see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client

from faces.console.desk import DAY, POINT, colleague, find, text_of
from faces.small_utility import NOW, Utility
from mingdu.core.findings import FIGURE_UNIT, Rule, Severity, Unit
from mingdu.core.quality import Quality
from mingdu.faces.console.rules.shown import LIMITS, limit_lines
from mingdu.metering.models import Estimate, Finding, FindingClosure, UsagePoint
from mingdu.rulebook.validation import Marks, PointKind, validation_rules_on
from mingdu.rulebook.validation_limits import RULE_LIMITS

pytestmark = pytest.mark.database
LIST = "/console/rules/"
OTHER = "P0530100003"


@pytest.fixture
def clerk(utility: Utility) -> Iterator[Client]:
    Finding.objects.all().delete()
    yield colleague("clerk")


def explained(number: int) -> None:
    FindingClosure.objects.create(finding_id=number, reason="true_use", note="装空调", by="clerk", at=NOW)


def test_the_list_counts_hits_by_what_they_do_and_by_age(clerk: Client) -> None:
    find(rule="SPIKE")
    find(rule="SWAPPED_METERS", severity=Severity.TASK)
    old = find(rule="SPIKE", day=DAY - timedelta(days=20))
    Finding.objects.filter(pk=old).update(found_at=NOW - timedelta(days=19))
    explained(find(rule="SPIKE", day=DAY - timedelta(days=1)))
    page = text_of(clerk, LIST)
    assert all(name in page for name in ("突增", "疑似串户", "换表缺底数", "时钟偏差"))
    assert page.index("突增") < page.index("疑似串户") < page.index("换表缺底数")
    row = page[page.index("突增</a>") : page.index("疑似串户</a>")]
    assert row.count(">2</td>") == 2 and row.count(">1</td>") == 2
    assert "2025-01-01" in page and "未核实" in page


def test_a_rule_says_what_it_is_and_what_to_do(clerk: Client) -> None:
    page = text_of(clerk, f"{LIST}UNEXPECTED_REVERSE/")
    assert "不应发电的户有反向有功电量。" in page and "查接线与互感器极性" in page
    assert "台区考核表" in page and "已停用" in page and "电量（Wh） 100" in page
    assert "没有这样的命中。" in page and "V13-REVERSE" in page


def test_a_rule_in_english(utility: Utility) -> None:
    browser = colleague("clerk")
    page = text_of(browser, f"{LIST}VOLTAGE_LIMIT/", **{"Accept-Language": "en"})
    assert "A phase&#x27;s voltage lies outside its limits" in page
    assert "nominal voltage 220 V" in page and "upper share 1.07×" in page and "R-high" in page


def test_hits_are_filtered_and_lead_to_the_review(clerk: Client) -> None:
    number = find(rule="DROP", severity=Severity.NOTICE)
    other = find(OTHER, rule="DROP", severity=Severity.NOTICE, day=DAY - timedelta(days=1))
    explained(other)
    path = f"{LIST}DROP/"
    assert f"/console/readings/{number}/" in text_of(clerk, path)
    assert f"/console/readings/{other}/" not in text_of(clerk, path)
    both = text_of(clerk, f"{path}?state=")
    assert f"/console/readings/{number}/" in both and f"/console/readings/{other}/" in both
    assert f"/console/readings/{other}/" in text_of(clerk, f"{path}?state=explained")
    assert POINT in text_of(clerk, f"{path}?day={DAY}") and OTHER not in text_of(
        clerk, f"{path}?state=&day={DAY}"
    )
    own = UsagePoint.objects.get(code=POINT).customer_class
    assert POINT in text_of(clerk, f"{path}?customer_class={own}")
    assert POINT not in text_of(clerk, f"{path}?customer_class=no_class")
    assert POINT not in text_of(clerk, f"{path}?area=no_area")
    assert POINT in text_of(clerk, f"{path}?day=never&state=other")


@pytest.mark.parametrize("rule", Rule)
def test_every_rule_has_a_page_and_a_figure_in_its_unit(clerk: Client, rule: Rule) -> None:
    find(rule=rule.name)
    page = text_of(clerk, f"{LIST}{rule.name}/")
    units = {Unit.DECIVOLT: "1800 V", Unit.MINUTE: "18000 min", Unit.DAY: "18000 天", Unit.WATT: "18 kW"}
    assert POINT in page and units.get(FIGURE_UNIT[rule], "18") in page


def test_every_limit_has_a_word() -> None:
    assert {key for keys in RULE_LIMITS.values() for key in keys} == set(LIMITS)


def test_an_exception_names_whom_it_is_for(utility: Utility) -> None:
    entry = validation_rules_on(DAY).rules[Rule.UNEXPECTED_REVERSE]
    general, special = limit_lines(entry)
    assert (general.severity, general.is_off) == ("task", False)
    assert (special.severity, special.is_off) == ("", True)
    marks = Marks("a test", "ours", True)
    both = replace(entry.exceptions[0], kind=PointKind("residential", "old"), marks=marks)
    line = limit_lines(replace(entry, exceptions=(both,)))[1]
    assert line.whom.endswith("old") and line.is_verified


def test_the_review_says_between_what_an_estimate_lies(clerk: Client) -> None:
    point = UsagePoint.objects.get(code=POINT)
    for first, anchor, method in ((0, 1, Quality.ESTIMATED_PROFILE), (40, 0, Quality.ESTIMATED_LINEAR)):
        Estimate.objects.create(
            usage_point=point, day=DAY, first_interval=first, latest_interval=first + 3, interval_minutes=15,
            method=method, anchor=anchor, energy_wh=1200, low_wh=700, high_wh=2100,
        )  # fmt: skip
    page = text_of(clerk, f"/console/readings/{find(rule='GAP')}/")
    assert "同类用户曲线" in page and "0.7–2.1" in page and "00:00–01:00" in page
    assert "直线插补" in page and "由示数确定" in page


def test_others_are_refused_and_an_unknown_rule_is_not_found(clerk: Client) -> None:
    text_of(clerk, f"{LIST}NO_RULE/", status=404)
    text_of(colleague("reader"), LIST, status=403)
    text_of(colleague("reader"), f"{LIST}DROP/", status=403)
