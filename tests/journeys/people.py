"""People at the running demo: how each of them signs in, by what he sees."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Browser, Page, expect

from journeys.browser import DESK, window

CODE = re.compile(r"\b(\d{6})\b")


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
    page.get_by_label("验证码").fill(latest_code(browser, demo))
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page).to_have_url(re.compile(r"/m/$"))


def latest_code(browser: Browser, demo: dict[str, Any]) -> str:
    """Return the newest one-time code, read by the administrator on the outbox page."""
    with window(browser, demo["urls"]["home"].rstrip("/"), DESK) as desk:
        sign_in_colleague(desk, demo, "admin")
        for _ in range(30):
            desk.goto("/console/outbox/")
            found = CODE.search(desk.locator("main").inner_text())
            if found:
                return found[1]
            desk.wait_for_timeout(500)
    raise AssertionError("no code came")
