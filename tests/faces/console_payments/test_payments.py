"""Payments at the desk: lists that filter, one payment with its story, and mismatches that are settled."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from faces.console.desk import colleague, said, text_of
from faces.console_payments.gateway_words import notice_taken, ordered
from faces.customer.browsers import customer_browser, told
from faces.small_utility import OWN, Utility
from mingdu.money.models import MismatchSettlement, Payment, PaymentNotice
from mingdu.money.operations.refusals import MOST_A_MINUTE

pytestmark = pytest.mark.database

PAGES = "/console/payments/"
NOTICES = f"{PAGES}notices/"


@pytest.fixture(scope="module")
def cashier(utility: Utility) -> Client:
    utility.issue_december()
    return colleague("cashier")


def settled(browser: Client, number: str, **form: object) -> Any:
    """Send the form with the newest notice about an order."""
    notice = PaymentNotice.objects.filter(order_number=number).latest("pk").pk
    return browser.post(f"{PAGES}{number}/settle/", {"notice": notice} | form, follow=True)


def test_before_anybody_paid_the_lists_say_so(cashier: Client) -> None:
    assert "没有符合条件的支付订单" in text_of(cashier, PAGES)
    assert "没有符合条件的支付通知" in text_of(cashier, NOTICES)


def test_orders_are_filtered_by_state_account_and_day(utility: Utility, cashier: Client) -> None:
    paid, waiting = ordered(utility, "1.00"), ordered(utility, "2.00")
    assert notice_taken(paid) == "posted"
    page = text_of(cashier, PAGES)
    assert paid in page and waiting in page and f'href="/console/accounts/{OWN}/bills/"' in page
    for query, found in (("state=paid", paid), ("state=waiting", waiting)):
        page = text_of(cashier, f"{PAGES}?{query}")
        assert [number for number in (paid, waiting) if number in page] == [found]
    assert paid in text_of(cashier, f"{PAGES}?account={OWN}&first=2027-01-04&last=2027-01-04")
    for query in ("account=0530999999", "account=%00", "last=2027-01-03", "first=2027-01-05"):
        assert paid not in text_of(cashier, f"{PAGES}?{query}") or query == "account=%00"
    page = text_of(cashier, f"{PAGES}?state=lost&first=yesterday")
    assert page.count("errorlist") == 2 and paid in page


def test_a_payment_tells_its_story_its_entries_and_its_receipt(utility: Utility, cashier: Client) -> None:
    number = ordered(utility, "3.00")
    notice_taken(number)
    notice_taken(number)
    page = text_of(cashier, f"{PAGES}{number}/")
    for words in (
        "客户下单 ¥3.00",
        "已入账",
        "重复通知，未作变更",
        "应收电费",
        "银行存款",
        "-3.00",
        "2026-12",
    ):
        assert words in page, words
    assert f'href="/m/receipts/{number}/print/"' in page
    assert said(cashier.get(f"/m/receipts/{number}/print/")).count(number) > 0
    # The administrator looks after the gateway, not after customers' money.
    page = text_of(colleague("administrator"), f"{PAGES}{number}/")
    assert "/m/receipts/" not in page and f'href="/console/accounts/{OWN}/bills/"' not in page


def test_receipts_are_linked_from_the_bill_at_desk_and_phone(utility: Utility, cashier: Client) -> None:
    number, bill = ordered(utility, "4.00"), utility.bill_of(OWN)
    assert "4.00 ·" not in text_of(cashier, f"/console/bills/{bill}/")
    notice_taken(number)
    assert f'href="{PAGES}{number}/"' in text_of(cashier, f"/console/bills/{bill}/")
    assert f'href="/m/receipts/{number}/print/"' in text_of(colleague("agent"), f"/console/bills/{bill}/")
    phone = customer_browser()
    assert f'href="/m/receipts/{number}/"' in said(phone.get(f"/m/bills/{bill}/"))
    assert 'href="/m/receipts/"' in said(phone.get("/m/me/"))


def test_the_customers_payments_stand_the_newest_first_with_what_is_not_booked(
    utility: Utility, cashier: Client
) -> None:
    older, newer, waiting, doubtful = (ordered(utility, f"5.0{cents}") for cents in range(1, 5))
    for number in (older, newer):
        notice_taken(number)
    notice_taken(doubtful, more_fen=100)
    words = told(customer_browser(), "/m/receipts/")
    assert words.index(doubtful) < words.index(waiting) < words.index(newer) < words.index(older)
    assert "有疑问，核实中" in words and "正在确认" in words


def test_a_wrong_amount_is_booked_as_it_came(utility: Utility, cashier: Client) -> None:
    number = ordered(utility, "6.00")
    assert notice_taken(number, more_fen=100) == "wrong_amount"
    assert number in text_of(cashier, f"{PAGES}?state=doubtful")
    page = text_of(cashier, f"{PAGES}{number}/")
    for words in ("款项与订单不符", "¥7.00", "收费员", "对账单核对结果"):
        assert words in page, words
    answer = said(settled(cashier, number, outcome="booked", reason="对账单有此笔"))
    assert "款项已处理。" in answer and "按实收入账" in answer and "对账单有此笔" in answer
    assert Payment.objects.get(order__number=number).amount_fen == 700
    assert "款项与订单不符" not in text_of(cashier, f"{PAGES}{number}/")
    assert "¥7.00" in told(customer_browser(), f"/m/receipts/{number}/")
    task = utility.get("tasks", "cashier").json()
    assert number not in str(task)


def test_what_did_not_come_is_settled_without_booking(utility: Utility, cashier: Client) -> None:
    number = ordered(utility, "7.00")
    notice_taken(number, more_fen=100)
    answer = said(settled(cashier, number, outcome="unfounded", reason="对账单无此笔"))
    assert "已核对，不入账" in answer and "本订单没有入账" in answer
    assert "未入账" in told(customer_browser(), f"/m/pay/order/{number}/")


def test_a_second_payment_is_shown_and_booked_on_an_order_of_its_own(
    utility: Utility, cashier: Client
) -> None:
    number = ordered(utility, "8.00")
    notice_taken(number)
    assert notice_taken(number, transaction=f"43{number}") == "contradicts"
    page = text_of(cashier, f"{PAGES}{number}/")
    assert "已支付" in page and "待人工核对" in page and "重复付款" in page
    settled(cashier, number, outcome="booked", reason="客户付了两次")
    beside = MismatchSettlement.objects.get(order__number=number).booked_on
    assert beside is not None
    assert f'href="{PAGES}{beside.number}/"' in text_of(cashier, f"{PAGES}{number}/")
    page = text_of(cashier, f"{PAGES}{beside.number}/")
    assert f"订单 {number} 重复付款" in page and "银行存款" in page and f'href="{PAGES}{number}/"' in page


def test_a_form_that_does_not_fit_keeps_what_was_typed(utility: Utility, cashier: Client) -> None:
    number = ordered(utility, "9.00")
    notice_taken(number, more_fen=100)
    page = said(settled(cashier, number, outcome="lost", reason="对账单有此笔"), 422)
    assert "errorlist" in page and "对账单有此笔" in page
    assert said(settled(cashier, number, outcome="booked", reason=" "), 422).count("errorlist") == 1
    assert "errorlist" in said(cashier.post(f"{PAGES}{number}/settle/", {"notice": "x"}), 422)


def test_who_comes_too_late_is_told(utility: Utility, cashier: Client) -> None:
    number = ordered(utility, "9.10")
    notice_taken(number, more_fen=100)
    form = {"outcome": "unfounded", "reason": "对账单无此笔"}
    settled(cashier, number, **form)
    assert "同事刚刚处理了这笔款项" in said(settled(cashier, number, **form), 422)
    posted = ordered(utility, "9.20")
    notice_taken(posted)
    assert "没有待处理的款项" in said(settled(cashier, posted, **form), 422)
    mismatched = ordered(utility, "9.30")
    notice_taken(mismatched, more_fen=100)
    notice = PaymentNotice.objects.latest("pk").pk
    notice_taken(mismatched)
    booked = {"notice": notice, "outcome": "booked", "reason": "x"}
    assert "不能重复入账" in said(cashier.post(f"{PAGES}{mismatched}/settle/", booked), 422)


def test_clerks_look_and_cashiers_and_managers_settle(utility: Utility, cashier: Client) -> None:
    number = ordered(utility, "9.40")
    notice_taken(number, more_fen=100)
    clerk = colleague("clerk")
    assert "由收费员处理" in text_of(clerk, f"{PAGES}{number}/")
    form = {"outcome": "unfounded", "reason": "对账单无此笔"}
    assert settled(clerk, number, **form).status_code == 403
    assert "款项已处理。" in said(settled(colleague("manager"), number, **form))


def test_a_task_leads_to_its_payment_and_back(utility: Utility, cashier: Client) -> None:
    number = ordered(utility, "9.50")
    notice_taken(number, more_fen=100)
    task = next(row for row in utility.get("tasks", "cashier").json() if row["subject"].endswith(number))
    assert f'href="{PAGES}{number}/"' in text_of(cashier, f"/console/tasks/{task['id']}/")
    assert f'href="/console/tasks/{task["id"]}/"' in text_of(cashier, f"{PAGES}{number}/")
    person = utility.get("me", "cashier").json()["id"].partition(":")[2]
    utility.post(f"tasks/{task['id']}/assign", "manager", {"person_id": int(person)})
    assert "cashier 员工" in text_of(cashier, f"{PAGES}{number}/")
    utility.post(f"tasks/{task['id']}/complete", "cashier", {"outcome": "done"})
    assert "工单已结束，款项尚未处理" in text_of(cashier, f"{PAGES}{number}/")


def test_forged_notices_are_shown_with_their_count_and_too_many_answer_429(
    utility: Utility, cashier: Client
) -> None:
    answers = [
        utility.client.post(
            "/api/v1/payments/notices", '{"event": "paid", "card": "6222"}', content_type="application/json",
            headers={"Pay-Signature": "A" * 40},
        )
        for _ in range(MOST_A_MINUTE + 2)
    ]  # fmt: skip
    assert {answer.status_code for answer in answers[:MOST_A_MINUTE]} == {403}
    last = answers[-1]
    assert (last.status_code, last.json()["code"], last["Retry-After"]) == (429, "TooManyNotices", "60")
    page = text_of(cashier, f"{NOTICES}?verdict=wrong_signature")
    assert f"拒收：签名错误 <strong>{MOST_A_MINUTE + 2}</strong>" in page
    notice = PaymentNotice.objects.filter(verdict="wrong_signature").latest("pk").pk
    page = text_of(cashier, f"{NOTICES}{notice}/")
    assert "签名未通过验证" in page and "6222" not in page and "A" * 13 not in page
    # A genuine one comes in all the same.
    assert notice_taken(ordered(utility, "9.60")) == "posted"


def test_notices_lead_to_their_order_where_there_is_one(utility: Utility, cashier: Client) -> None:
    number = ordered(utility, "9.70")
    notice_taken(number)
    assert notice_taken("2027010499999999") == "unknown_order"
    page = text_of(cashier, NOTICES)
    assert f'href="{PAGES}{number}/"' in page and f'href="{PAGES}2027010499999999/"' not in page
    unknown, known = PaymentNotice.objects.order_by("-pk")[:2]
    assert f'href="{PAGES}' in text_of(cashier, f"{NOTICES}{known.pk}/")
    assert "2027010499999999" in text_of(cashier, f"{NOTICES}{unknown.pk}/")
    assert number in text_of(cashier, f"{NOTICES}?account={OWN}")
    assert cashier.get(f"{NOTICES}999999/").status_code == 404
    assert cashier.get(f"{PAGES}2027010499999999/").status_code == 404


def test_an_order_that_nobody_paid_says_when_its_time_was_over(utility: Utility, cashier: Client) -> None:
    from datetime import timedelta

    from django.db.models import F

    from mingdu.money.models import PaymentOrder

    number = ordered(utility, "9.80")
    hour = timedelta(hours=1)
    PaymentOrder.objects.filter(number=number).update(
        ordered_at=F("ordered_at") - hour, expires_at=F("expires_at") - hour, asked_at=F("ordered_at")
    )
    page = text_of(cashier, f"{PAGES}{number}/")
    assert "支付时限已过" in page and "超时未支付" in page and "最近查询网关" in page and "下次查询" in page
