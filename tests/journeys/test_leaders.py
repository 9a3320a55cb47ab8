"""The manager's morning, and the administrator who takes a colleague in and gives him a role."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from journeys.browser import DESK, window
from journeys.people import at_desk, sign_in_colleague

pytestmark = pytest.mark.browser

LOGIN, NAME = "sunli", "孙丽"


def test_sees_what_waits_for_an_approval(browser: Browser, demo: dict[str, Any]) -> None:
    with at_desk(browser, demo, "clerk") as clerk:
        clerk.goto("/console/runs/new/")
        clerk.get_by_role("button", name="开始试算").click()
        expect(clerk.get_by_role("heading", name="与上月合计比较")).to_be_visible()
        run = re.sub(".*/runs", "/console/runs", clerk.url)
    with at_desk(browser, demo, "manager") as page:
        expect(page.get_by_role("heading", name="今日工作", level=1)).to_be_visible()
        waiting = page.locator("main section").filter(has=page.get_by_role("heading", name="待复核"))
        waiting.locator(f"a[href='{run}']").click()
        expect(page.get_by_role("link", name="复核通过")).to_be_visible()
        page.get_by_role("link", name="抄表流程").click()
        expect(page.get_by_role("heading", name="抄表流程", level=1)).to_be_visible()
        expect(page.get_by_role("link", name="启动流程")).to_be_visible()
        page.get_by_role("link", name="实时看板").click()
        for figure in ("昨日采集率", "在线终端", "未结工单", "已发行账单"):
            expect(page.get_by_role("region", name="数据").get_by_text(figure)).to_be_visible()
        expect(page.locator("#alarm-count")).to_have_text(re.compile(r"^\d+$"))


def test_takes_a_colleague_in_who_cannot_read_and_settle(
    browser: Browser, home: str, demo: dict[str, Any]
) -> None:
    with at_desk(browser, demo, "admin") as page:
        page.get_by_role("link", name="用户", exact=True).click()
        page.get_by_role("link", name="新建用户").click()
        password = create(page)
        give(page, "抄表员")
        expect(page.get_by_text("角色已授予，即时生效。")).to_be_visible()
        give(page, "核算员")
        expect(page.get_by_role("alert").filter(has_text="抄、核、收分离")).to_be_visible()
        roles = page.locator("main section").filter(has=page.get_by_role("heading", name="角色", exact=True))
        expect(roles.get_by_text("抄表员")).to_be_visible()
        expect(roles.get_by_text("核算员")).to_have_count(0)
        works_with(browser, home, password)
        page.get_by_role("link", name="对他的操作").click()
        for act in ("授予角色", "新增用户"):
            expect(page.get_by_role("link", name=re.compile(act)).first).to_be_visible()
        expect(page.locator("tbody")).to_contain_text("管理员 陈默")


def create(page: Page) -> str:
    """Create the colleague; returns the password that is shown once."""
    page.get_by_label("登录名").fill(LOGIN)
    page.get_by_label("姓名").fill(NAME)
    page.get_by_label("单位").select_option(label="青柳供电所")
    page.get_by_role("button", name="新建").click()
    expect(page.get_by_role("heading", name=NAME, level=1)).to_be_visible()
    shown = page.get_by_role("status").filter(has_text="只显示这一次").locator("p").first.inner_text()
    page.get_by_role("link", name="用户", exact=True).first.click()
    page.get_by_role("link", name=LOGIN, exact=True).click()
    expect(page.get_by_role("heading", name=NAME, level=1)).to_be_visible()
    expect(page.get_by_text(shown)).to_have_count(0)
    return shown


def give(page: Page, role: str) -> None:
    page.get_by_label("角色", exact=True).select_option(role)
    page.get_by_label("单位", exact=True).select_option(label="　青柳供电所")
    page.get_by_role("button", name="授予", exact=True).click()


def works_with(browser: Browser, home: str, password: str) -> None:
    """The new colleague signs in with his first password and finds his own work, and no bill runs."""
    with window(browser, home, DESK) as page:
        sign_in_colleague(page, {"accounts": {"staff": [{"login": LOGIN, "password": password}]}}, LOGIN)
        expect(page.get_by_role("heading", name="今日工作", level=1)).to_be_visible()
        expect(page.locator("main")).to_contain_text("抄表员")
        expect(page.get_by_role("link", name="核算批次")).to_have_count(0)
