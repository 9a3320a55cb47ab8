"""Browsers of customers, signed in as a person does it, and what they show."""

from __future__ import annotations

import re

from django.test import Client

from faces.small_utility import PHONE, set_code

CODE = "123456"
OTHER_PHONE = "13800000003"


def customer_browser(phone: str = PHONE, language: str = "zh-CN") -> Client:
    """Sign a customer in by his phone, without counting the codes that other tests asked for."""
    from mingdu.customers.models import SignInCode

    SignInCode.objects.filter(phone=phone).delete()
    browser = Client(headers={"Accept-Language": language})
    browser.post("/m/sign-in/", {"phone": phone})
    set_code(phone, CODE)
    answer = browser.post("/m/code/", {"phone": phone, "code": CODE})
    assert answer.headers["Location"] == "/m/"
    return browser


def colleague_browser(login: str) -> Client:
    """Sign a member of staff in at the console."""
    browser = Client(headers={"Accept-Language": "zh-CN"})
    browser.post("/console/sign-in/", {"login": login, "password": "right"})
    return browser


def page(browser: Client, path: str, status: int = 200) -> str:
    """Return what a page says."""
    answer = browser.get(path)
    assert answer.status_code == status, (answer.status_code, answer.content.decode())
    return str(answer.content.decode())


def told(browser: Client, path: str) -> str:
    """Return the words of a page without its tags, with single blanks."""
    return " ".join(re.sub(r"<[^>]+>", " ", page(browser, path)).split())
