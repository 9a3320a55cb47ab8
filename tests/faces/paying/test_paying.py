"""A customer pays his bill: pages, gateway, notice, receipt, over real HTTP and with real signatures."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client

from faces.customer.browsers import OTHER_PHONE, customer_browser, page, told
from faces.paying.real_server import Browser, browser_at
from faces.small_utility import FOREIGN, OWN, UNKNOWN, Answer, Utility
from mingdu.base.models import AuditEntry
from mingdu.main.gateway import gateway_here

pytestmark = pytest.mark.database

NUMBER = re.compile(r"/m/pay/order/(\d+)/")


def order(browser: Client, amount: str, channel: str = "wechat") -> Answer:
    """Ask to pay on the pay page; gives the answer, which leads to the gateway."""
    return browser.post("/m/pay/", {"amount": amount, "channel": channel})


def at_gateway(browser: Client, address: str, behaviour: str = "once", act: str = "pay") -> str:
    """Press a button on the gateway's page and wait until all is told; gives where it sends the browser."""
    parts = urlsplit(address)
    assert browser.get(f"{parts.path}?{parts.query}").status_code == 200
    form = dict(parse_qsl(parts.query)) | {"act": act, "behaviour": behaviour, "late_seconds": "0"}
    answer = browser.post(parts.path, form)
    assert answer.status_code == 303, answer.content.decode()
    return urlsplit(answer.headers["Location"]).path


def paid(browser: Client, amount: str, behaviour: str = "once", channel: str = "wechat") -> str:
    """Pay an amount up to the gateway's word; gives the order's number."""
    back = at_gateway(browser, order(browser, amount, channel).headers["Location"], behaviour)
    if behaviour != "wrong_signature":
        gateway_here().notifier.join()
    match = NUMBER.fullmatch(back)
    assert match is not None
    return match[1]


def balance(utility: Utility) -> str:
    return str(utility.get(f"accounts/{OWN}", "customer").json()["balance"])


def verdicts(utility: Utility, number: str) -> list[str]:
    rows = utility.get(f"payments/notices?order={number}", "cashier").json()
    return [row["verdict"] for row in rows[::-1]]


def test_the_pay_page_asks_for_what_is_owed_and_says_for_which_bill(billed: Utility, port: int) -> None:
    browser = browser_at(port)
    owed = balance(billed)
    text = told(browser, f"/m/pay/{billed.bill_of(OWN)}/")
    assert f"¥{owed}" in text and "2026-12" in text
    assert f'value="{owed}"' in page(browser, "/m/pay/")
    assert "/m/pay/" in page(browser, "/m/")


@pytest.mark.parametrize("amount", ["", "0", "0.00", "1.234", "-5", "1e3", "50000.01", "９", "\0"])
def test_an_amount_that_cannot_be_paid_is_said_and_kept(billed: Utility, port: int, amount: str) -> None:
    answer = order(browser_at(port), amount)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "errorlist" in text
    if amount == "1.234":
        assert 'value="1.234"' in text


def test_a_channel_that_is_none_is_said(billed: Utility, port: int) -> None:
    assert order(browser_at(port), "1", "cash").status_code == 422


def test_pays_in_part_and_reads_the_receipt(billed: Utility, port: int) -> None:
    browser, before = browser_at(port), balance(billed)
    number = paid(browser, "139.27")
    billed.work()
    assert fen(before) - fen(balance(billed)) == 13927
    assert "缴费成功" in told(browser, f"/m/pay/order/{number}/")
    for path in (f"/m/receipts/{number}/", f"/m/receipts/{number}/print/"):
        text = told(browser, path)
        for word in (number, OWN, "¥139.27", "壹佰叁拾玖元贰角柒分", "微信支付", "2026-12 电费"):
            assert word in text, (path, word)
    assert number in page(browser, "/m/receipts/")
    assert "payment_received" in [each["template"] for each in billed.get("inbox", "customer").json()]


def test_until_the_notice_is_in_the_page_waits_and_then_asks_the_gateway(billed: Utility, port: int) -> None:
    browser = browser_at(port)
    number = paid(browser, "1.01", "never")
    text = page(browser, f"/m/pay/order/{number}/")
    assert "正在确认" in text and 'hx-trigger="every 2s"' in text and "<noscript>" in text
    assert number in page(browser, "/m/pay/")
    ordered_earlier(number)
    assert "缴费成功" in page(browser, f"/m/pay/order/{number}/")
    assert verdicts(billed, number) == ["posted"]


def test_the_browser_is_not_believed(billed: Utility, port: int) -> None:
    browser, before = browser_at(port), balance(billed)
    address = order(browser, "1.02").headers["Location"]
    number = json.loads(billed_order(address))["order"]
    assert "正在确认" in page(browser, f"/m/pay/order/{number}/?state=paid")
    assert balance(billed) == before


@pytest.mark.parametrize(
    ("behaviour", "amount", "expected"),
    [
        ("thrice", "1.03", ["posted", "repeated", "repeated"]),
        ("closed_first", "1.04", ["closed", "posted"]),
        ("late", "1.05", ["posted"]),
    ],
)
def test_notices_that_repeat_or_overtake_change_the_balance_once(
    billed: Utility, port: int, behaviour: str, amount: str, expected: list[str]
) -> None:
    before = balance(billed)
    number = paid(browser_at(port), amount, behaviour)
    assert verdicts(billed, number) == expected
    assert fen(before) - fen(balance(billed)) == fen(amount)


def test_a_wrong_amount_is_said_posted_nowhere_and_given_to_the_cashier(billed: Utility, port: int) -> None:
    browser, before = browser_at(port), balance(billed)
    number = paid(browser, "1.06", "wrong_amount")
    assert verdicts(billed, number)[0] == "wrong_amount"
    assert "核实中" in told(browser, f"/m/pay/order/{number}/")
    assert balance(billed) == before
    tasks = [task for task in billed.get("tasks", "cashier").json() if task["subject"].endswith(number)]
    assert [task["kind"] for task in tasks] == ["payment_mismatch"]


def test_a_forged_notice_is_kept_and_changes_nothing(billed: Utility, port: int) -> None:
    before = balance(billed)
    body = json.dumps({"event": "paid"})
    headers = {"Pay-Timestamp": "1799024400", "Pay-Nonce": "n", "Pay-Signature": "AAAA"}
    answer = billed.client.post(
        "/api/v1/payments/notices", body, content_type="application/json", headers=headers
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "NoticeRefused")
    newest = billed.get("payments/notices?most=1", "clerk").json()[0]
    assert (newest["verdict"], newest["body"]) == ("wrong_signature", body)
    assert balance(billed) == before


def test_a_payment_whose_notice_is_forged_is_found_by_asking(billed: Utility, port: int) -> None:
    browser, before = browser_at(port), balance(billed)
    number = paid(browser, "1.11", "wrong_signature")
    assert "正在确认" in page(browser, f"/m/pay/order/{number}/")
    ordered_earlier(number)
    assert "缴费成功" in page(browser, f"/m/pay/order/{number}/")
    assert fen(before) - fen(balance(billed)) == 111


def test_going_back_without_paying_is_said(billed: Utility, port: int) -> None:
    browser = browser_at(port)
    back = at_gateway(browser, order(browser, "1.07").headers["Location"], act="cancel")
    gateway_here().notifier.join()
    assert "未支付" in told(browser, back)


def test_paying_more_than_is_owed_is_said_and_stands_in_favour(billed: Utility, port: int) -> None:
    browser = browser_at(port)
    number = paid(browser, f"{(fen(balance(billed)) + 1000) / 100:.2f}")
    assert balance(billed) == "-10.00"
    assert "¥10.00" in told(browser, f"/m/pay/order/{number}/")
    assert "存入账户余额" in told(browser, f"/m/receipts/{number}/")
    assert "¥10.00" in told(browser, "/m/pay/")


def test_the_gateway_refuses_what_was_changed_on_the_way(billed: Utility, port: int) -> None:
    browser = browser_at(port)
    parts = urlsplit(order(browser, "1.08").headers["Location"])
    form = dict(parse_qsl(parts.query))
    refused = browser.get(parts.path, form | {"nonce": "another"})
    assert (refused.status_code, "订单无法识别" in refused.content.decode()) == (400, True)
    assert browser.post(parts.path, form | {"signature": "AAAA"}).status_code == 400
    assert browser.get("/gateway/query", {"order": "1"}).status_code == 401
    assert browser.get("/gateway/pay").status_code == 400


def test_an_order_that_has_ended_is_shown_as_ended(billed: Utility, port: int) -> None:
    browser = browser_at(port)
    address = order(browser, "1.09").headers["Location"]
    at_gateway(browser, address, act="cancel")
    parts = urlsplit(address)
    assert "本订单已取消" in browser.get(f"{parts.path}?{parts.query}").content.decode()
    again = browser.post(parts.path, dict(parse_qsl(parts.query)) | {"act": "pay"})
    assert (again.status_code, "不能再支付" in again.content.decode()) == (409, True)
    gateway_here().notifier.join()


def test_another_customer_sees_nothing_of_it(billed: Utility, port: int) -> None:
    own, stranger = browser_at(port), customer_browser(OTHER_PHONE)
    number = paid(own, "1.10")
    bill = billed.bill_of(OWN)
    for path in (f"/m/pay/order/{number}/", f"/m/receipts/{number}/", f"/m/receipts/{number}/print/"):
        page(stranger, path, 404)
    page(stranger, f"/m/pay/{bill}/", 404)
    page(stranger, f"/m/pay/?account={OWN}", 404)
    assert "还没有缴费记录" in told(stranger, "/m/receipts/")
    assert AuditEntry.objects.filter(verb="money.foreign_order", target=f"payment_order:{number}").exists()


def test_nobody_is_sent_to_the_sign_in() -> None:
    for path in ("/m/pay/", "/m/receipts/", "/m/pay/order/1/"):
        assert Client().get(path).headers["Location"].startswith("/m/sign-in/")


def test_programs_order_pay_and_read_receipts(billed: Utility, port: int) -> None:
    made = billed.post("payments/orders", "customer", {"account": OWN, "amount": "1.1", "channel": "alipay"})
    assert made.status_code == 201
    number = made.json()["number"]
    shown = billed.get(f"payments/orders/{number}", "customer").json()
    assert (shown["state"], shown["amount"], shown["account"]) == ("waiting", "1.10", OWN)
    at_gateway(browser_at(port), on_socket(made.json()["pay_url"]), "never")
    ordered_earlier(number)
    token = {"Authorization": f"Bearer {billed.tokens['customer']}"}
    found = Browser(port).get(f"/api/v1/payments/orders/{number}", headers=token)
    assert found.json()["state"] == "paid"
    receipt = billed.get(f"payments/receipts/{number}", "clerk").json()
    assert (receipt["amount_capitals"], receipt["channel"], receipt["credit"]) == (
        "壹元壹角",
        "alipay",
        "1.10",
    )
    assert billed.get(f"payments/receipts?account={OWN}", "customer").json()[0] == receipt


def test_a_silent_gateway_leaves_the_order_waiting(billed: Utility, port: int) -> None:
    number = json.loads(billed_order(order(browser_at(port), "1.12").headers["Location"]))["order"]
    ordered_earlier(number)
    # Nobody listens at the discard port of loopback.
    assert "正在确认" in page(browser_at(9), f"/m/pay/order/{number}/")


@pytest.mark.parametrize("who", ["customer", "neighbour"])
def test_a_foreign_account_answers_exactly_as_an_unknown_one(billed: Utility, who: str) -> None:
    def answer(method: str, number: str) -> Any:
        if method == "get":
            return billed.get(f"payments/receipts?account={number}", who)
        return billed.post("payments/orders", who, {"account": number, "amount": "1", "channel": "wechat"})

    for method in ("get", "post") if who == "customer" else ("get",):
        before = AuditEntry.objects.filter(target=f"account:{FOREIGN}").count()
        foreign, unknown = answer(method, FOREIGN), answer(method, UNKNOWN)
        assert (foreign.status_code, unknown.status_code) == (404, 404)
        assert foreign.content.replace(FOREIGN.encode(), UNKNOWN.encode()) == unknown.content
        assert AuditEntry.objects.filter(target=f"account:{FOREIGN}").count() == before + 1


def fen(yuan: str) -> int:
    return int(yuan.replace(".", ""))


def billed_order(address: str) -> bytes:
    """The order that an address of the gateway carries."""
    import base64

    return base64.urlsafe_b64decode(dict(parse_qsl(urlsplit(address).query))["order"])


def on_socket(address: str) -> str:
    """The same address; the browser goes by path and query alone."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def ordered_earlier(number: str) -> None:
    """Let ten seconds have passed since an order was made."""
    from datetime import timedelta

    from django.db.models import F

    from mingdu.money.models import PaymentOrder

    PaymentOrder.objects.filter(number=number).update(
        ordered_at=F("ordered_at") - timedelta(seconds=10), asked_at=None
    )
