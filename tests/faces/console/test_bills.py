"""Bills at the desk: found by number or name, shown with what they were made from."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from faces.console.desk import PART, colleague, find, followed, text_of
from faces.small_utility import OWN, UNKNOWN, Utility
from mingdu.base.actors import SYSTEM
from mingdu.billing.bill_facts import bill_facts
from mingdu.billing.line_words import in_own_words
from mingdu.billing.models import Correction, Issue
from mingdu.customers.models import Account

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def bill(utility: Utility) -> int:
    utility.issue_december()
    return utility.bill_of(OWN)


def test_an_account_is_found_by_the_beginning_of_its_number_or_by_name(utility: Utility) -> None:
    clerk = colleague("clerk")
    account = Account.objects.select_related("customer").get(account_number=OWN)
    by_number, by_name = (
        text_of(clerk, f"/console/bills/?q={asked}") for asked in (OWN[:6], account.customer.name)
    )
    link = f'href="/console/accounts/{OWN}/bills/"'
    assert link in by_number and link in by_name and "共 6 条" in by_number
    assert 'value="053010"' in by_number


def test_an_empty_search_lists_nobody_and_a_vain_one_says_why(utility: Utility) -> None:
    clerk = colleague("clerk")
    assert OWN not in text_of(clerk, "/console/bills/")
    assert "没有符合的户。" in text_of(clerk, f"/console/bills/?q={UNKNOWN}")
    assert "没有符合的户。" in text_of(colleague("neighbour"), f"/console/bills/?q={OWN}")


def test_an_accounts_bills_are_listed(utility: Utility, bill: int) -> None:
    page = text_of(colleague("agent"), f"/console/accounts/{OWN}/bills/")
    assert f'href="/console/bills/{bill}/"' in page and "161.50" in page and "2026-12" in page


def test_a_bill_shows_every_line_and_all_that_it_was_made_from(utility: Utility, bill: int) -> None:
    page = text_of(colleague("clerk"), f"/console/bills/{bill}/")
    document = utility.get(f"bills/{bill}", "clerk").json()
    with override("zh-hans"):
        for line in document["lines"]:
            assert in_own_words(line["clause"]) in page and f">{line['amount']}<" in page
    for reading in document["input"]["readings"]:
        assert reading["from"] in page and reading["to"] in page
    issue = Issue.objects.get()
    assert f"凭证 {issue.journal_id}" in page and f'href="/console/runs/{issue.run_id}/"' in page
    facts = bill_facts(SYSTEM, bill)
    assert len(facts.inputs_hash) == 64 and facts.inputs_hash in page and facts.rules_hash in page
    assert {name for name, _, _ in facts.versions} >= {"TOTAL"} and "本账单未退补过。" in page
    assert "尚无客户询问本账单。" in page


def test_a_bill_leads_to_its_cases_and_corrections(utility: Utility, bill: int) -> None:
    body = {"account": OWN, "bill_id": bill, "kind": "bill_too_high", "words": "why"}
    case = utility.post("cases", "customer", body).json()
    account = Account.objects.get(account_number=OWN)
    Correction.objects.create(
        bill_id=bill, account_id=account.pk, reason="reread", difference_fen=-1234,
        proposed_by="system", proposed_at=case["opened_at"],
    )  # fmt: skip
    page = text_of(colleague("clerk"), f"/console/bills/{bill}/")
    assert case["number"] in page and "-¥12.34" in page and "待复核" in page
    assert case["number"] not in text_of(colleague("cashier"), f"/console/bills/{bill}/")


def test_an_explanation_under_a_bill_is_not_offered_to_be_taken_back(utility: Utility, bill: int) -> None:
    said = {"reason": "true_use", "note": "新装空调"}
    number = find()
    queue = followed(colleague("clerk"), f"/console/readings/{number}/explain/", said)
    link = f'href="/console/bills/{bill}/"'
    assert "该日已计入 2026-12 账单（2027-01-04 发行），说明不能撤回。" in queue
    assert link in queue and "/console/readings/withdraw/" not in queue
    drawer = text_of(colleague("clerk"), f"/console/readings/{number}/", **PART)
    assert "说明不能撤回" in drawer and link in drawer
    # An engineer explains findings, but sees no bills.
    assert link not in text_of(colleague("engineer"), f"/console/readings/{number}/", **PART)
