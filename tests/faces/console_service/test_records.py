"""Audit, messages and failed events: found, linked, tried again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from faces.console.desk import colleague, followed, text_of
from faces.console_service.stage import actor, new_case
from faces.small_utility import NOW, OWN, Utility
from mingdu.base import audit
from mingdu.base.audit_search import AuditFilter, acts_found
from mingdu.base.ledger import MOST_ATTEMPTS as MOST_TRIES
from mingdu.base.models import OutboxEvent, Run, RunBucket
from mingdu.base.outbox import MOST_ATTEMPTS
from mingdu.customers.models import Customer

pytestmark = pytest.mark.database

AUDIT = "/console/audit/"
EVENTS = "/console/events/"


@pytest.fixture(scope="module")
def admin(utility: Utility) -> Client:
    return colleague("administrator")


def test_acts_are_found_by_person_act_thing_and_time(utility: Utility, admin: Client) -> None:
    audit.record(actor("clerk"), "test.issue", "test_run:7", at=NOW, details={"bills": 3})
    audit.record(actor("reader"), "test.sync", "test_run:70", at=NOW - timedelta(days=2))
    by = actor("administrator")

    def verbs(verb: str = "test.", **wanted: Any) -> list[str]:
        return [row.verb for row in acts_found(by, AuditFilter(verb=verb, **wanted))]

    assert verbs() == ["test.sync", "test.issue"]
    assert verbs(person="clerk") == ["test.issue"]
    assert verbs(person=actor("reader").id) == ["test.sync"]
    assert verbs("test.i") == ["test.issue"]
    assert verbs(target="test_run") == ["test.sync", "test.issue"]
    assert verbs(target="test_run:7") == ["test.issue"]
    assert verbs(since=NOW) == ["test.issue"]
    assert verbs(before=NOW) == ["test.sync"]


def test_the_page_filters_and_leads_to_what_was_done(utility: Utility, admin: Client) -> None:
    number = new_case(utility, bill=False)
    audit.record(actor("clerk"), "test.page", actor("clerk").id, at=NOW)
    page = text_of(admin, f"{AUDIT}?target=case")
    assert f'href="/console/cases/{number}/"' in page and "系统自动" in page
    person = f'href="/console/people/{actor("clerk").number}/"'
    assert person in text_of(admin, f"{AUDIT}?verb=test.page&first=2027-01-04&last=2027-01-04")
    assert person not in text_of(colleague("manager"), f"{AUDIT}?verb=test.page")
    assert "没有符合条件的操作记录" in text_of(admin, f"{AUDIT}?verb=test.page&last=2027-01-03")
    assert "errorlist" in text_of(admin, f"{AUDIT}?first=yesterday")


def test_acts_and_things_are_in_words_and_keep_their_codes(utility: Utility, admin: Client) -> None:
    number, clerk = new_case(utility, bill=False), actor("clerk").id
    audit.record(actor("clerk"), "base.reset_password", clerk, at=NOW)
    page = text_of(admin, f"{AUDIT}?verb=service.open_case")
    assert ">受理工单</a>" in page and ">service.open_case</span>" in page
    assert f'title="case:{number}"' in page and f">工单 {number}</a>" in page
    page = text_of(admin, f"{AUDIT}?verb=base.reset_password")
    assert "重置密码" in page and f'title="{clerk}"' in page and page.count("clerk 员工") >= 2


def test_messages_are_shown_with_their_proof(utility: Utility, admin: Client) -> None:
    number = new_case(utility, bill=False)
    page = text_of(admin, "/console/outbox/")
    customer = Customer.objects.get(accounts__account_number=OWN)
    assert customer.name in page and f"客户 {customer.pk}</span>" in page
    assert f"已受理：{number}" in page and "已送达" in page and f'href="{EVENTS}"' in page


def test_a_failed_event_is_tried_again(utility: Utility, admin: Client) -> None:
    assert "事件全部送达。" in text_of(admin, EVENTS)
    row = OutboxEvent.objects.create(
        event="CaseClosed", consumer="satisfaction", payload={}, created_at=NOW, available_at=NOW,
        attempts=MOST_ATTEMPTS, error="KeyError: <case_id>",
    )  # fmt: skip
    page = text_of(admin, EVENTS)
    assert "KeyError: &lt;case_id&gt;" in page and f'action="{EVENTS}{row.pk}/retry/"' in page
    assert "已重新投递" in followed(admin, f"{EVENTS}{row.pk}/retry/")
    row.refresh_from_db()
    assert row.attempts == 0
    assert "仍在自动重试" in followed(admin, f"{EVENTS}{row.pk}/retry/")
    assert admin.post(f"{EVENTS}999999/retry/").status_code == 404


def test_a_failed_part_of_a_run_is_tried_again(utility: Utility, admin: Client) -> None:
    run = Run.objects.create(kind="test.parts", key="2026-12", created_by="system", created_at=NOW)
    part = RunBucket.objects.create(run=run, bucket=3, attempts=MOST_TRIES, error="no price")
    assert "test.parts 2026-12" in text_of(admin, EVENTS)
    path = f"{EVENTS}parts/{part.pk}/retry/"
    assert "已重新投递" in followed(admin, path)
    assert "仍在自动重试" in followed(admin, path)
