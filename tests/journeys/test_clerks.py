"""A clerk's day at the desk: reading review by keyboard, a bill run that another person must approve."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from journeys.browser import DESK, window
from journeys.people import look_until
from journeys.signed_in import states_of

pytestmark = pytest.mark.browser

CODE_OF_POINT = re.compile(r"P(\d{10})")
WORDS = "上门核对：家里装修用了电焊机，示数属实。"
OpenDesk = Callable[[str], AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def at_desk(browser: Browser, home: str, demo: dict[str, Any]) -> OpenDesk:
    """Open a desk by the login of its owner."""
    states = states_of(browser, demo, {"clerk", "manager"})
    return lambda who: window(browser, home, DESK, storage_state=states[who])


@pytest.fixture
def clerk(at_desk: OpenDesk) -> Iterator[Page]:
    with at_desk("clerk") as page:
        page.goto("/console/")
        yield page


def test_explains_by_keyboard_and_another_approves_before_the_bill_is_issued(
    clerk: Page, at_desk: OpenDesk
) -> None:
    account = explain_by_keyboard(clerk)
    number = rehearse(clerk)
    expect(clerk.get_by_text("这是您提出的批次")).to_be_visible()
    expect(clerk.get_by_role("link", name="复核通过")).to_have_count(0)
    look_at_held_accounts(clerk, account)
    with at_desk("manager") as page:
        approve(page, number)
    issue(clerk)
    find_the_bill(clerk, account)


def explain_by_keyboard(page: Page) -> str:
    """Explain a surge that alone holds its account; no mouse is touched. Returns the account's number."""
    page.goto("/console/readings/?rule=SPIKE")
    code = CODE_OF_POINT.search(page.locator("tbody tr").first.inner_text())
    assert code is not None
    count = waiting(page)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text(code[0]).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(drawer.get_by_label("异常原因")).to_be_visible()
    tab_to(page, "异常原因")
    page.keyboard.press("Home")
    tab_to(page, "请用您的话说明")
    page.keyboard.type(WORDS)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("已说明该异常。")).to_be_visible()
    assert waiting_of(page, "SPIKE") == count - 1
    return code[1]


def tab_to(page: Page, label: str) -> None:
    """Press Tab until the field stands under the cursor."""
    field = page.get_by_role("dialog").get_by_label(label).first
    for _ in range(10):
        if field.evaluate("field => field === document.activeElement"):
            return
        page.keyboard.press("Tab")
    expect(field).to_be_focused()


def waiting_of(page: Page, rule: str) -> int:
    page.goto(f"/console/readings/?rule={rule}")
    return waiting(page)


def waiting(page: Page) -> int:
    """Return how many findings the queue says are waiting."""
    found = re.search(r"共 (\d+) 条", page.locator("main").inner_text())
    assert found is not None
    return int(found[1])


def rehearse(page: Page) -> str:
    """Rehearse the month again for what was held; returns the run's address."""
    page.get_by_role("link", name="核算批次").click()
    page.get_by_role("link", name="月度试算").click()
    expect(page.get_by_label("月份")).to_have_value("2026-12")
    page.get_by_role("button", name="开始试算").click()
    expect(page.get_by_text("试算已开始，可以离开本页。")).to_be_visible()
    expect(page.get_by_role("progressbar", name="试算进度")).to_be_visible()
    expect(page.get_by_role("heading", name="与上月合计比较")).to_be_visible()
    return page.url


def look_at_held_accounts(page: Page, account: str) -> None:
    page.get_by_role("link", name="逐户查看扣住原因").click()
    expect(page.get_by_role("heading", name=re.compile("扣住待核户"), level=1)).to_be_visible()
    expect(page.get_by_role("link", name=account)).to_have_count(0)
    page.go_back()


def approve(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="复核通过").click()
    page.get_by_role("button", name="复核通过这批账单").click()
    expect(page.get_by_text("批次已复核，可以发行。")).to_be_visible()
    expect(page.get_by_role("link", name="发行", exact=True)).to_have_count(0)


def issue(page: Page) -> None:
    page.reload()
    page.get_by_role("link", name="发行", exact=True).click()
    page.get_by_role("button", name="发行这批账单").click()
    expect(page.get_by_text("正在发行，可以离开本页。")).to_be_visible()
    look_until(page, page.get_by_text("已发行", exact=True))


def find_the_bill(page: Page, account: str) -> None:
    page.get_by_role("link", name="账单", exact=True).click()
    expect(page.get_by_label("户号或户名")).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("/")
    page.keyboard.type(account)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=account).click()
    page.get_by_role("link", name="2026-12").click()
    expect(page.get_by_role("heading", name=re.compile(r"¥\d+\.\d{2}"), level=1)).to_be_visible()
    expect(page.get_by_role("heading", name="逐行明细")).to_be_visible()


def test_accepts_two_together_after_a_preview_and_takes_it_back(clerk: Page) -> None:
    before = waiting_of(clerk, "NEGATIVE")
    boxes = clerk.get_by_role("checkbox", name=re.compile("^选中 P"))
    boxes.nth(0).check()
    boxes.nth(1).check()
    expect(clerk.get_by_text("已选： 2")).to_be_visible()
    clerk.get_by_role("button", name="批量通过所选").click()
    expect(clerk.get_by_role("heading", level=1)).to_contain_text("2")
    expect(clerk.locator("tbody tr")).to_have_count(2)
    clerk.get_by_label("异常原因").select_option("接线错误")
    clerk.get_by_label("请用您的话说明").fill("进出线接反，已改正。")
    clerk.get_by_role("button", name="确认说明全部 2 条").click()
    expect(clerk.get_by_text("已说明 2 条异常。")).to_be_visible()
    clerk.get_by_role("button", name="撤回").click()
    expect(clerk.get_by_text("已撤回：2 条异常重新待复核。")).to_be_visible()
    assert waiting_of(clerk, "NEGATIVE") == before


def test_the_alarm_falls_on_an_open_board_without_a_reload(clerk: Page, at_desk: OpenDesk) -> None:
    with at_desk("clerk") as board:
        board.goto("/console/board/")
        badge = board.locator("#alarm-count")
        expect(badge).to_have_text(re.compile(r"^\d+$"))
        count = int(badge.inner_text())
        board.evaluate("document.body.dataset.sameDocument = 'yes'")
        clerk.goto("/console/readings/?rule=NEGATIVE")
        clerk.get_by_role("link", name="查看").first.click()
        clerk.get_by_label("异常原因").select_option("接线错误")
        clerk.get_by_label("请用您的话说明").first.fill("进出线接反，已改正。")
        clerk.get_by_role("button", name="通过", exact=True).click()
        expect(clerk.get_by_text("已说明该异常。")).to_be_visible()
        expect(badge).to_have_text(str(count - 1))
        expect(board.get_by_role("heading", name=f"告警 {count - 1}")).to_be_visible()
        clerk.get_by_role("button", name="撤回").click()
        expect(badge).to_have_text(str(count))
        expect(board.locator("body")).to_have_attribute("data-same-document", "yes")
