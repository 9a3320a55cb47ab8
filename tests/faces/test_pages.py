"""The first page and what all pages share: two languages, no script of their own, a strict policy."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from faces.small_utility import PHONE, Utility, set_code

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


def test_pages_carry_neither_script_nor_style_of_their_own(customer: Client) -> None:
    for path in ("/", "/m/", "/m/cases/new/", "/m/inbox/", "/console/sign-in/"):
        page = text_of(customer, path)
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
        assert {script[:30] for script in re.findall(r"<script[^>]*>[^<]*", page)} == {
            '<script defer src="/static/bui'
        }


def test_pages_are_kept_from_foreign_frames_and_sources(utility: Utility) -> None:
    policy = Client().get("/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy


def test_the_stylesheet_of_the_pages_is_served(utility: Utility) -> None:
    sheet = re.search(r'href="([^"]+\.css\?v=[0-9a-f]+)"', text_of(Client(), "/"))
    assert sheet is not None
    answer = Client().get(sheet[1])
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, 'text/css; charset="utf-8"')


@pytest.mark.parametrize("path", ["/m/sign-in/", "/m/code/", "/m/cases/new/", "/m/sign-out/"])
def test_a_form_of_a_foreign_page_is_refused(utility: Utility, path: str) -> None:
    assert Client(enforce_csrf_checks=True).post(path, {}).status_code == 403


def test_a_refused_page_says_what_to_do_and_leads_back(customer: Client) -> None:
    answer = customer.get("/console/audit/", headers={"Accept-Language": "zh-CN"})
    page = answer.content.decode()
    assert answer.status_code in (403, 404)
    assert "返回我的用电" in page and 'href="/m/"' in page
    missing = customer.get("/m/bills/999999/", headers={"Accept-Language": "en"}).content.decode()
    assert "There is no such thing here. Check the number" in missing and "UnknownBill" in missing
