"""Signing in and out, binding accounts, the inbox and the page "me"."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from faces.customer.browsers import CODE, OTHER_PHONE, customer_browser, page, told
from faces.small_utility import FOREIGN, OWN, PHONE, UNKNOWN, Utility, set_code
from mingdu.base.models import AuditEntry
from mingdu.customers.binding import MOST_MISSES, bill_code
from mingdu.customers.models import Account, Binding, BindingTry, SignInCode

pytestmark = pytest.mark.database

# Of a customer to whom nothing happens here.
QUIET_PHONE = "13800000004"


@pytest.fixture
def customer(utility: Utility) -> Client:
    BindingTry.objects.all().delete()
    Binding.objects.all().delete()
    return customer_browser()


def holder_of(account: str) -> str:
    return Account.objects.get(account_number=account).customer.name


def test_signs_in_by_the_code_in_two_steps(utility: Utility) -> None:
    SignInCode.objects.all().delete()
    browser = Client(headers={"Accept-Language": "zh-CN"})
    assert "获取验证码" in page(browser, "/m/sign-in/")
    assert browser.post("/m/sign-in/", {"phone": "138 0000-0002"}).headers["Location"] == "/m/code/"
    step = page(browser, "/m/code/")
    assert PHONE in step and "没有收到验证码" in step and "前有效" in step
    set_code(PHONE, CODE)
    wrong = browser.post("/m/code/", {"phone": PHONE, "code": "654321"})
    assert wrong.status_code == 401 and "验证码不对或已过期" in wrong.content.decode()
    assert browser.post("/m/code/", {"phone": PHONE, "code": CODE}).headers["Location"] == "/m/"
    assert OWN in page(browser, "/m/")


def test_the_first_step_comes_before_the_second(utility: Utility) -> None:
    assert Client().get("/m/code/").headers["Location"] == "/m/sign-in/"


@pytest.mark.parametrize("phone", ["", "my phone", "1\0", "1" * 30])
def test_asks_again_for_what_is_no_phone(utility: Utility, phone: str) -> None:
    answer = Client(headers={"Accept-Language": "en"}).post("/m/sign-in/", {"phone": phone})
    shown = answer.content.decode()
    assert answer.status_code == 200 and "errorlist" in shown
    assert phone != "my phone" or 'value="my phone"' in shown


def test_says_when_too_many_codes_were_asked_for(utility: Utility) -> None:
    browser = Client(headers={"Accept-Language": "zh-CN"})
    answers = [browser.post("/m/sign-in/", {"phone": "13977777777"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    assert "请等五分钟再试" in answers[-1].content.decode()


def test_goes_on_to_the_page_that_was_wanted(utility: Utility) -> None:
    SignInCode.objects.all().delete()
    browser = Client()
    door = browser.get("/m/inbox/").headers["Location"]
    assert door == "/m/sign-in/?next=%2Fm%2Finbox%2F"
    step = browser.post("/m/sign-in/", {"phone": PHONE, "next": "/m/inbox/"}).headers["Location"]
    assert step == "/m/code/?next=%2Fm%2Finbox%2F" and 'value="/m/inbox/"' in page(browser, step)
    set_code(PHONE, CODE)
    said = {"phone": PHONE, "code": CODE, "next": "/m/inbox/"}
    assert browser.post("/m/code/", said).headers["Location"] == "/m/inbox/"


def test_signing_out_ends_the_session(customer: Client) -> None:
    assert customer.post("/m/sign-out/").headers["Location"] == "/m/sign-in/"
    assert customer.get("/m/").status_code == 302


@pytest.mark.parametrize("by_code", [False, True])
def test_binds_an_account_and_lets_it_go(utility: Utility, customer: Client, by_code: bool) -> None:
    other = Account.objects.get(account_number=FOREIGN)
    proof = bill_code(FOREIGN, other.customer_id, "2026-12") if by_code else other.customer.name
    bound = customer.post("/m/me/bind/", {"account_number": FOREIGN, "proof": proof})
    assert bound.headers["Location"] == "/m/me/"
    me = told(customer, "/m/me/")
    assert f"户号 {FOREIGN} 已绑定" in me and "解绑" in me and "户主" in me
    home = page(customer, "/m/")
    assert f"?account={OWN}" in home and f"?account={FOREIGN}" in home
    utility.work()
    assert f"户号 {FOREIGN} 已被绑定" in told(customer_browser(OTHER_PHONE), "/m/inbox/")
    customer.post("/m/me/unbind/", {"account": FOREIGN})
    assert f"户号 {FOREIGN} 已解绑" in told(customer, "/m/me/")
    assert customer.get(f"/m/?account={FOREIGN}").status_code == 404


def test_a_foreign_account_is_refused_as_an_unknown_one(customer: Client) -> None:
    pages = []
    for number in (FOREIGN, UNKNOWN):
        answer = customer.post("/m/me/bind/", {"account_number": number, "proof": "张三丰"})
        assert answer.status_code == 422
        shown = answer.content.decode().replace(number, "N")
        pages.append(re.sub(r'value="[0-9A-Za-z]{64}"', "", shown))
    assert pages[0] == pages[1]
    assert 'value="张三丰"' in pages[0] and 'value="N"' in pages[0] and "户号与证明不符" in pages[0]
    assert AuditEntry.objects.filter(verb="customers.bind", target=f"account:{FOREIGN}").exists()


def test_tells_when_too_many_proofs_did_not_fit(customer: Client) -> None:
    for _ in range(MOST_MISSES):
        customer.post("/m/me/bind/", {"account_number": FOREIGN, "proof": "张三丰"})
    answer = customer.post("/m/me/bind/", {"account_number": FOREIGN, "proof": holder_of(FOREIGN)})
    assert answer.status_code == 429 and "请明天再试" in answer.content.decode()


def test_asks_again_for_what_is_no_account_number(customer: Client) -> None:
    answer = customer.post("/m/me/bind/", {"account_number": "户号", "proof": ""})
    assert answer.status_code == 200 and answer.content.decode().count("errorlist") == 2


def test_his_own_account_cannot_be_let_go(customer: Client) -> None:
    customer.post("/m/me/unbind/", {"account": OWN})
    assert "这个户号没有绑定" in told(customer, "/m/me/")


def test_a_customer_without_accounts_is_led_to_binding(utility: Utility) -> None:
    from mingdu.customers.models import Contact, Customer

    lonely = Customer.objects.create(code="lonely", name="孤云")
    Contact.objects.create(customer=lonely, channel="phone", value="13866666666")
    browser = customer_browser("13866666666")
    for path in ("/m/", "/m/bills/"):
        assert "还没有户号" in page(browser, path) and "/m/me/bind/" in page(browser, path)
    assert "/m/me/bind/" in page(browser, "/m/me/")


def test_large_print_stays_chosen(customer: Client) -> None:
    assert "large-print" not in page(customer, "/m/me/")
    customer.post("/m/me/print/", {"large": "1"})
    assert '<html lang="zh-hans" class="large-print">' in page(customer, "/m/")
    customer.post("/m/me/print/", {"large": "0"})
    assert "large-print" not in page(customer, "/m/")


def test_the_language_can_be_chosen(customer: Client) -> None:
    customer.post("/language/", {"language": "en", "next": "/m/me/"})
    assert "My accounts" in page(customer, "/m/me/")


def test_unread_messages_are_counted_on_the_bell_until_they_are_read(
    customer: Client, utility: Utility
) -> None:
    utility.work()
    assert "没有" not in told(customer, "/m/inbox/")
    rows = utility.get("inbox", "customer").json()
    waiting = [row for row in rows if "read" not in [step["step"] for step in row["steps"]]]
    assert f"{len(waiting)} 条未读" in told(customer, "/m/")
    for row in waiting:
        assert customer.post(f"/m/inbox/{row['id']}/read/").headers["Location"] == "/m/inbox/"
    assert "条未读" not in told(customer, "/m/") and "标为已读" not in page(customer, "/m/inbox/")


def test_an_empty_inbox_says_what_will_come(utility: Utility) -> None:
    assert "还没有消息" in page(customer_browser(QUIET_PHONE), "/m/inbox/")


def test_a_message_of_somebody_else_cannot_be_marked(customer: Client, utility: Utility) -> None:
    utility.post("cases", "stranger", {"account": FOREIGN, "kind": "enquiry", "words": "mine"})
    row = utility.get("inbox", "stranger").json()[0]
    assert customer.post(f"/m/inbox/{row['id']}/read/").status_code == 404
