"""People at the running demo: how each of them signs in, by what he sees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from journeys.browser import DESK, PHONE, window

CODE = re.compile(r"\b(\d{6})\b")
CLOCK = re.compile(r"\b\d{2}:\d{2}:\d{2}\b")


def sign_in_colleague(page: Page, demo: dict[str, Any], login: str) -> None:
    """Sign a colleague in at the desk."""
    page.goto("/console/sign-in/")
    passwords = {person["login"]: person["password"] for person in demo["accounts"]["staff"]}
    page.get_by_label("登录名").fill(login)
    page.get_by_label("密码").fill(passwords[login])
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page).not_to_have_url(re.compile("sign-in"))


def sign_in_customer(browser: Browser, page: Page, demo: dict[str, Any], who: str) -> None:
    """Sign a customer in: he types his phone, and then the code that came to it."""
    phone = demo["accounts"]["customers"][who]["phone"]
    page.goto("/m/sign-in/")
    page.get_by_label("手机号").fill(phone)
    page.get_by_role("button", name="获取验证码", exact=True).click()
    expect(page.get_by_label("验证码")).to_be_visible()
    sent = CLOCK.search(page.locator("main").inner_text())
    assert sent is not None
    page.get_by_label("验证码").fill(latest_code(browser, demo, since=sent[0]))
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page).to_have_url(re.compile(r"/m/$"))


def latest_code(browser: Browser, demo: dict[str, Any], *, since: str) -> str:
    """Return the newest one-time code sent at `since` (09:08:06) or later, read on the outbox page."""
    with window(browser, demo["urls"]["home"].rstrip("/"), DESK) as desk:
        sign_in_colleague(desk, demo, "admin")
        for _ in range(30):
            desk.goto("/console/outbox/")
            if found := _code_shown(desk, since):
                return found
            desk.wait_for_timeout(500)
    raise AssertionError("no code came")


def _code_shown(desk: Page, since: str) -> str:
    for row in desk.locator("tbody tr").all_inner_texts():
        sent, code = CLOCK.search(row), CODE.search(row)
        if sent and code and sent[0] >= since:
            return code[1]
    return ""


@contextmanager
def at_desk(browser: Browser, demo: dict[str, Any], login: str) -> Iterator[Page]:
    """Open a colleague's window, signed in."""
    with window(browser, demo["urls"]["home"].rstrip("/"), DESK) as page:
        sign_in_colleague(page, demo, login)
        yield page


@contextmanager
def on_phone(browser: Browser, demo: dict[str, Any], who: str, **options: Any) -> Iterator[Page]:
    """Open a customer's window on his phone, signed in."""
    with window(browser, demo["urls"]["home"].rstrip("/"), PHONE, **options) as page:
        sign_in_customer(browser, page, demo, who)
        yield page


def look_until(page: Page, awaited: Locator, most_looks: int = 30) -> None:
    """Look at the page again and again, as a person who waits for news does, until it is there."""
    for _ in range(most_looks):
        if awaited.count():
            return
        page.wait_for_timeout(500)
        page.reload()
    expect(awaited).not_to_have_count(0)
