"""Bill runs at the desk: rehearse, follow, look through, approve by another person, issue."""

from __future__ import annotations

import pytest

from faces.console.desk import PART, colleague, followed, said, text_of
from faces.small_utility import OWN, Utility
from mingdu.base.models import Person
from mingdu.billing.models import BillRun, HeldAccount, Issue
from mingdu.customers.models import Account

pytestmark = pytest.mark.database

RUNS = "/console/runs/"


def latest() -> int:
    return int(BillRun.objects.latest("pk").pk)


def test_the_way_of_a_run_through_the_desks(utility: Utility) -> None:
    clerk, approver = colleague("clerk"), colleague("approver")
    assert "先对已结束的月份试算" in text_of(clerk, RUNS)
    form = text_of(clerk, f"{RUNS}new/")
    assert 'type="month"' in form and 'value="2026-12"' in form and "不产生应收" in form
    page = followed(clerk, f"{RUNS}new/", {"period": "2026-12", "book": ""})
    run = latest()
    assert "试算已开始" in page and f'hx-get="{RUNS}{run}/progress/" hx-trigger="every 2s"' in page
    assert "试算尚未完成" in text_of(approver, f"{RUNS}{run}/approve/")
    assert "试算尚未完成" in followed(approver, f"{RUNS}{run}/approve/")

    waiting = clerk.get(f"{RUNS}{run}/progress/", headers=PART)
    assert "hx-trigger" in said(waiting) and "HX-Refresh" not in waiting.headers
    utility.work()
    done = clerk.get(f"{RUNS}{run}/progress/", headers=PART)
    assert "hx-trigger" not in said(done) and done.headers["HX-Refresh"] == "true"
    assert clerk.get(f"{RUNS}{run}/progress/").headers["Location"] == f"{RUNS}{run}/"

    page = text_of(clerk, f"{RUNS}{run}/")
    assert "这是您提出的批次" in page and f"{RUNS}{run}/approve/" not in page
    assert "尚未复核" in text_of(clerk, f"{RUNS}{run}/issue/")
    assert "尚未复核" in followed(clerk, f"{RUNS}{run}/issue/")

    assert "以输入数据摘要锁定" in text_of(approver, f"{RUNS}{run}/approve/")
    assert "批次已复核，可以发行。" in followed(approver, f"{RUNS}{run}/approve/")
    assert "批次已复核过" in followed(approver, f"{RUNS}{run}/approve/")
    assert "不能撤回" in text_of(clerk, f"{RUNS}{run}/issue/")
    assert "正在发行" in followed(clerk, f"{RUNS}{run}/issue/")
    utility.work()
    assert Issue.objects.filter(run_id=run).exists()
    page = text_of(clerk, f"{RUNS}{run}/")
    assert "已发行" in page and "hx-trigger" not in page
    assert "批次已发行，无需再操作。" in text_of(clerk, f"{RUNS}{run}/issue/")
    assert "data-open" in text_of(clerk, RUNS)


def test_who_proposed_is_told_kindly_that_another_must_approve(utility: Utility) -> None:
    proposer = Person.objects.get(login="approver").pk
    made = BillRun.objects.get(pk=latest())
    BillRun.objects.create(
        period_from="2026-11-01", period_to="2026-12-01", attempt=1,
        ledger_run_id=made.ledger_run_id, proposed_by=f"person:{proposer}", created_at=made.created_at,
    )  # fmt: skip
    own = latest()
    approver = colleague("approver")
    assert "这是您自己提出的" in text_of(approver, f"{RUNS}{own}/approve/")
    assert "这是您自己提出的" in followed(approver, f"{RUNS}{own}/approve/")


def test_a_month_that_is_not_over_is_refused_and_stays_typed(utility: Utility) -> None:
    clerk = colleague("clerk")
    for period, words in (("2027-01", "尚未结束"), ("nonsens", "月份请写成")):
        page = said(clerk.post(f"{RUNS}new/", {"period": period, "book": ""}), 422)
        assert words in page and f'value="{period}"' in page
    assert "errorlist" in said(clerk.post(f"{RUNS}new/", {"period": "2026-12", "book": "none"}), 422)


def test_held_accounts_say_why_in_figures(utility: Utility) -> None:
    run = latest()
    held = Account.objects.get(account_number=OWN).pk
    for check, values in (
        ("variance_gate", {"energy_wh": 900_000, "month_before_wh": 300_000}),
        ("above_capacity", {"energy_wh": 900_000, "most_wh": 400_000}),
        ("missing_reading", {"missing": 2}),
        ("register_fell", {"energy_wh": 0}),
    ):
        HeldAccount.objects.create(run_id=run, account_id=held, check_name=check, values=values)
    page = text_of(colleague("clerk"), f"{RUNS}{run}/held/")
    assert OWN in page and "900 kWh，上月 300 kWh" in page and "按容量至多 400 kWh" in page
    assert "缺 2 个示数" in page and "示数倒走" in page
    assert "较上月突增" in text_of(colleague("clerk"), f"{RUNS}{run}/")


def test_no_run_and_no_held_account_are_said(utility: Utility) -> None:
    run = int(BillRun.objects.earliest("pk").pk)
    assert "没有扣住的户。" in text_of(colleague("clerk"), f"{RUNS}{run}/held/")
    assert colleague("clerk").get(f"{RUNS}999999/").status_code == 404
