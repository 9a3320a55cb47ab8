"""The plain pages: what a person sees, without a script, in two languages."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from faces.small_utility import OWN, PHONE, Utility, set_code

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def billed(utility: Utility) -> Utility:
    utility.issue_december()
    return utility


@pytest.fixture
def customer(billed: Utility) -> Client:
    from mingdu.customers.models import SignInCode

    SignInCode.objects.all().delete()
    browser = Client()
    browser.post("/m/sign-in/", {"phone": PHONE})
    set_code(PHONE, "123456")
    browser.post("/m/code/", {"phone": PHONE, "code": "123456"})
    return browser


def colleague(login: str) -> Client:
    browser = Client()
    answer = browser.post("/console/sign-in/", {"login": login, "password": "right"})
    assert answer.headers["Location"] == "/console/"
    return browser


def text_of(browser: Client, path: str, language: str = "zh-CN") -> str:
    answer = browser.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


def test_the_first_page_shows_both_doors_in_both_languages(utility: Utility) -> None:
    chinese, english = text_of(Client(), "/"), text_of(Client(), "/", "en")
    assert "客户：账单与问题" in chinese and '<html lang="zh-hans">' in chinese
    assert "Customers: bills and questions" in english and '<html lang="en">' in english
    assert 'href="/m/"' in english and 'href="/console/"' in english


def test_a_person_chooses_the_language(utility: Utility) -> None:
    browser = Client()
    browser.post("/language/", {"language": "en"})
    assert "Customers: bills and questions" in text_of(browser, "/", "zh-CN")


def test_pages_run_no_script_and_carry_no_style(customer: Client) -> None:
    for path in ("/", "/m/", "/m/cases/new/", "/m/inbox/", "/console/sign-in/"):
        page = text_of(customer, path)
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", page)


def test_pages_are_kept_from_foreign_frames_and_sources(utility: Utility) -> None:
    policy = Client().get("/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy


def test_the_stylesheet_of_the_pages_is_served(utility: Utility) -> None:
    sheet = re.search(r'href="([^"]+\.css)"', text_of(Client(), "/"))
    assert sheet is not None
    answer = Client().get(sheet[1])
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, 'text/css; charset="utf-8"')


def test_a_customer_reads_every_line_of_his_bill(customer: Client, billed: Utility) -> None:
    home = text_of(customer, "/m/")
    assert OWN in home and "¥161.50" in home
    number = billed.bill_of(OWN)
    page = text_of(customer, f"/m/bills/{number}/")
    document = billed.get(f"bills/{number}", "customer").json()
    for line in document["lines"]:
        assert line["clause"] in page and line["source"].split(";")[0] in page
        assert f"{line['quantity']} {line['unit']}" in page
        assert line["price"] in page and f">{line['amount']}<" in page
    for reading in document["input"]["readings"]:
        assert reading["from"] in page and reading["to"] in page
    assert "未核实" in page and "161.50" in page


def test_marks_prices_that_no_source_gives(billed: Utility) -> None:
    shop = "0530100001"
    document = billed.get(f"bills/{billed.bill_of(shop)}", "clerk").json()
    demo = [line for line in document["lines"] if line.get("note") == "演示价"]
    page = text_of(colleague("clerk"), f"/m/bills/{billed.bill_of(shop)}/")
    assert page.count("演示价") >= len(demo) > 0


def test_a_customer_asks_and_ends_his_question(customer: Client, billed: Utility) -> None:
    number = billed.bill_of(OWN)
    form = text_of(customer, f"/m/cases/new/?account={OWN}&bill_id={number}&kind=bill_too_high")
    assert f'value="{number}"' in form and f'value="{OWN}"' in form
    said = {"account": OWN, "bill_id": number, "kind": "bill_too_high", "words": "太高了 <b>"}
    opened = customer.post("/m/cases/new/", said).headers["Location"]
    page = text_of(customer, opened)
    assert "太高了 &lt;b&gt;" in page and "已受理" in page
    assert customer.post(opened, {"outcome": "fixed", "words": "谢谢"}).headers["Location"] == opened
    assert "已解决" in text_of(customer, opened)
    assert opened.split("/")[-2] in text_of(customer, "/m/cases/")
    twice = customer.post(opened, {"outcome": "fixed"})
    assert twice.status_code == 409


def test_a_question_without_words_is_asked_again(customer: Client) -> None:
    answer = customer.post("/m/cases/new/", {"account": OWN, "kind": "enquiry", "words": ""})
    assert answer.status_code == 200 and "errorlist" in answer.content.decode()


def test_a_customer_reads_his_messages(customer: Client, billed: Utility) -> None:
    billed.post("cases", "customer", {"account": OWN, "kind": "enquiry", "words": "hello"})
    message = billed.get("inbox", "customer").json()[0]
    assert message["title"] in text_of(customer, "/m/inbox/")
    assert customer.post(f"/m/inbox/{message['id']}/read/").headers["Location"] == "/m/inbox/"
    steps = billed.get("inbox", "customer").json()[0]["steps"]
    assert [step["step"] for step in steps] == ["delivered", "read"]


def test_signing_out_ends_the_session(customer: Client) -> None:
    assert customer.post("/m/sign-out/").headers["Location"] == "/m/sign-in/"
    assert customer.get("/m/").status_code == 302
    clerk = colleague("clerk")
    assert clerk.post("/console/sign-out/").headers["Location"] == "/console/sign-in/"
    assert clerk.get("/console/").status_code == 302


def test_a_colleague_sees_tasks_and_runs(billed: Utility) -> None:
    billed.post("cases", "customer", {"account": OWN, "kind": "enquiry", "words": "a task of mine"})
    assert "工单" in text_of(colleague("agent"), "/console/")
    runs = text_of(colleague("clerk"), "/console/runs/")
    assert "2026-12" in runs and "已发行" in runs


def test_an_administrator_sees_codes_on_the_outbox(billed: Utility) -> None:
    billed.post("customer/code", body={"phone": "13800000004"})
    billed.work()
    newest = billed.get("outbox/messages", "administrator").json()[0]
    assert newest["template"] == "sign_in_code"
    assert newest["body"] in text_of(colleague("administrator"), "/console/outbox/")


def test_a_wrong_password_is_told_without_saying_which(utility: Utility) -> None:
    answer = Client().post("/console/sign-in/", {"login": "clerk", "password": "wrong"})
    assert answer.status_code == 401 and "登录名或密码不对。" in answer.content.decode()


@pytest.mark.parametrize(
    ("wanted", "goes_to"),
    [
        ("/console/runs/", "/console/runs/"),
        ("https://elsewhere.example/", "/console/"),
        ("//elsewhere.example", "/console/"),
    ],
)
def test_a_sign_in_leads_on_only_to_our_own_pages(utility: Utility, wanted: str, goes_to: str) -> None:
    form = {"login": "clerk", "password": "right", "next": wanted}
    assert Client().post("/console/sign-in/", form).headers["Location"] == goes_to


@pytest.mark.parametrize(
    "path", ["/console/sign-in/", "/m/sign-in/", "/m/code/", "/m/cases/new/", "/m/sign-out/"]
)
def test_a_form_of_a_foreign_page_is_refused(utility: Utility, path: str) -> None:
    assert Client(enforce_csrf_checks=True).post(path, {}).status_code == 403
