"""Reading review: the queue, one finding, accept, edit, re-read, many at once, taking back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from faces.console.desk import DAY, PART, POINT, colleague, draw_curve, find, followed, said, text_of
from faces.small_utility import NOW, OWN, Utility
from mingdu.base.models import AuditEntry
from mingdu.core.findings import Severity
from mingdu.metering.models import Area, Finding, FindingClosure
from mingdu.metering.operations import withdraw
from mingdu.work.models import Task

pytestmark = pytest.mark.database

OTHER = "P0530100003"
QUEUE = "/console/readings/"
SAID = {"reason": "true_use", "note": "新装空调"}


@pytest.fixture
def clerk(utility: Utility) -> Iterator[Client]:
    Finding.objects.all().delete()
    yield colleague("clerk")


@pytest.fixture(scope="module")
def curves(utility: Utility) -> None:
    for before in range(1, 8):
        draw_curve(10, day=DAY - timedelta(days=before))
    draw_curve(30, estimated=8)


def test_an_empty_queue_says_so(clerk: Client) -> None:
    assert "没有待复核的示数。" in text_of(clerk, QUEUE)


@pytest.mark.usefixtures("curves")
def test_the_queue_shows_each_finding_beside_what_is_usual(clerk: Client) -> None:
    number = find()
    page = text_of(clerk, QUEUE)
    assert POINT in page and "突增" in page and "扣住账单" in page and "18 kWh" in page
    assert "28.8" in page and ">9.6<" in page and "+200%" in page and 'max="100" value="100"' in page
    assert f'data-open href="{QUEUE}{number}/"' in page and f'name="row" value="{number}"' in page


def test_what_holds_a_bill_stands_first_and_other_figures_have_their_unit(clerk: Client) -> None:
    find(rule="GAP", severity=Severity.NOTICE)
    find(rule="TOTAL_AGAINST_PERIODS")
    find(rule="NEGATIVE", day=DAY - timedelta(days=1))
    page = text_of(clerk, QUEUE)
    assert page.index("总与分时不符</") < page.index("缺点<br>")
    assert "相差 180.00 kWh" in page and "持续 4500 小时" in page and ">18 kWh<" in page


def test_the_queue_is_filtered_by_rule_day_area_and_point(clerk: Client) -> None:
    spike, gap = find(), find(OTHER, rule="GAP", day=DAY - timedelta(days=2))
    area = Area.objects.get(points__code=OTHER)

    def shown(query: str) -> set[int]:
        page = text_of(clerk, f"{QUEUE}?{query}")
        return {number for number in (spike, gap) if f'value="{number}"' in page}

    assert shown("") == {spike, gap}
    assert shown("rule=GAP") == {gap} and shown("rule=NOTHING") == {spike, gap}
    assert shown(f"day={DAY}") == {spike} and shown("day=nonsense") == {spike, gap}
    assert gap in shown(f"area={area.code}") and shown("area=none") == set()
    assert shown(f"point={POINT}") == {spike}


@pytest.mark.usefixtures("curves")
def test_the_drawer_holds_curve_registers_and_history(clerk: Client) -> None:
    number, other = find(), find(rule="GAP", day=DAY - timedelta(days=2))
    drawer = text_of(clerk, f"{QUEUE}{number}/", **PART)
    assert "<html" not in drawer and drawer.count('<svg class="chart"') == 2
    assert 'class="line"' in drawer and drawer.count('class="hatch"') == 8 + 1
    assert f'href="{QUEUE}{other}/"' in drawer and f"/console/accounts/{OWN}/bills/" in drawer
    assert "当日起止均无示数。" in drawer


def test_a_day_without_readings_says_so(clerk: Client) -> None:
    number = find(OTHER, day=DAY - timedelta(days=60))
    page = text_of(clerk, f"{QUEUE}{number}/")
    assert "当日未采到数据。" in page and "偏差" in page


def test_an_accepted_finding_leaves_the_queue_and_can_be_taken_back(clerk: Client) -> None:
    number = find()
    page = followed(clerk, f"{QUEUE}{number}/explain/", SAID)
    assert "已说明该异常。" in page and f'name="row" value="{number}"' in page
    closure = FindingClosure.objects.get(finding_id=number)
    assert (closure.reason, closure.note) == ("true_use", "新装空调")
    assert "新装空调" in text_of(clerk, f"{QUEUE}{number}/") and "撤回" not in text_of(clerk, QUEUE)
    assert "1 条异常重新待复核" in followed(clerk, f"{QUEUE}withdraw/", {"row": number})
    assert not FindingClosure.objects.filter(finding_id=number).exists()
    written = AuditEntry.objects.filter(target=f"finding:{number}").latest("pk")
    assert (written.verb, written.details["note"]) == ("metering.withdraw_explanation", "新装空调")
    assert "该异常本就待复核。" in followed(clerk, f"{QUEUE}withdraw/", {"row": number})


def test_an_explanation_needs_words_and_keeps_what_was_chosen(clerk: Client) -> None:
    number = find()
    page = said(clerk.post(f"{QUEUE}{number}/explain/", {"reason": "theft", "note": " "}), 422)
    assert "errorlist" in page and '<option value="theft" selected>' in page
    assert not FindingClosure.objects.filter(finding_id=number).exists()


def test_the_first_of_two_explanations_stands(clerk: Client) -> None:
    number = find()
    followed(clerk, f"{QUEUE}{number}/explain/", SAID)
    page = followed(colleague("engineer"), f"{QUEUE}{number}/explain/", SAID | {"reason": "theft"})
    assert "以先说明的为准" in page
    assert FindingClosure.objects.get(finding_id=number).reason == "true_use"


def test_a_billed_day_is_not_taken_back(clerk: Client) -> None:
    number = find()
    followed(clerk, f"{QUEUE}{number}/explain/", SAID)

    def is_used(usage_point_id: int, day: Any) -> bool:
        return bool(day == DAY)

    withdraw.register_use(is_used)
    try:
        page = followed(clerk, f"{QUEUE}withdraw/", {"row": number})
    finally:
        withdraw._uses.remove(is_used)
    assert "已发行账单，说明不能撤回" in page
    assert FindingClosure.objects.filter(finding_id=number).exists()


def test_many_are_explained_after_a_look_at_exactly_which(clerk: Client) -> None:
    marked, other, left = find(), find(OTHER), find(rule="GAP", severity=Severity.NOTICE)
    preview = text_of(clerk, f"{QUEUE}together/?row={marked}&row={other}&row=nonsense")
    assert "批量说明 2 条异常" in preview and "其中 2 条正扣住账单" in preview
    assert not FindingClosure.objects.exists()
    form = {"row": [marked, other], **SAID}
    unsaid = said(clerk.post(f"{QUEUE}together/", form | {"note": ""}), 422)
    assert f'name="row" value="{marked}"' in unsaid and not FindingClosure.objects.exists()
    assert "已说明 2 条异常。" in followed(clerk, f"{QUEUE}together/", form)
    assert set(FindingClosure.objects.values_list("finding_id", flat=True)) == {marked, other}
    assert f'value="{left}"' in text_of(clerk, QUEUE)
    assert "2 条异常重新待复核" in followed(clerk, f"{QUEUE}withdraw/", {"row": [marked, other]})
    assert not FindingClosure.objects.exists()


def test_nothing_marked_is_said(clerk: Client) -> None:
    assert "没有选中待复核的异常。" in said(clerk.get(f"{QUEUE}together/", follow=True))


def test_an_engineer_enters_the_right_value_and_refusals_keep_what_was_typed(clerk: Client) -> None:
    engineer, number = colleague("engineer"), find(day=DAY + timedelta(days=1))
    path = f"{QUEUE}{number}/edit/"
    page = text_of(engineer, f"{QUEUE}{number}/")
    assert '<option value="PEAK">' in page and "录入正确示数" in page
    form = {"register": "TOTAL", "end": "end", "value": "12.345", "words": "现场核对"}
    refused = said(engineer.post(path, form), 422)
    assert "小数最多两位" in refused and 'value="12.345"' in refused and "现场核对" in refused
    assert "正按新示数重新日结" in followed(engineer, path, form | {"value": "9000.5"})
    assert "9000.50" in text_of(engineer, f"{QUEUE}{number}/")
    assert "未作改动" in followed(engineer, path, form | {"value": "9000.5"})
    written = AuditEntry.objects.filter(verb="metering.correct_readings").latest("pk")
    assert (written.target, written.details["words"]) == (f"usage_point:{POINT}", "现场核对")
    assert "录入正确示数" not in text_of(clerk, f"{QUEUE}{number}/")


def test_a_reader_is_sent_once(clerk: Client) -> None:
    number = find(day=DAY + timedelta(days=1))
    for _ in range(2):
        assert f"已派抄表员到 {POINT} 复抄。" in followed(clerk, f"{QUEUE}{number}/reread/")
    # The finding's own task, which waits under its own key, does not stand in the way.
    assert not Task.objects.filter(key=f"finding:{number}", kind="reread").exists()
    [task] = Task.objects.filter(key=f"reread:finding:{number}")
    assert task.kind == "reread" and task.details["read_at"].startswith("2026-12-31T16:00")
    assert set(task.details["registers"]) == {"TOTAL", "PEAK", "FLAT", "VALLEY"}
    assert task.opened_at >= NOW


def test_nobody_without_the_verb_sees_the_acts(clerk: Client) -> None:
    number = find()
    page = text_of(colleague("manager"), f"{QUEUE}{number}/")
    assert "通过并说明原因" not in page and "派人复抄" not in page
    assert "批量通过所选" not in text_of(colleague("manager"), QUEUE)
