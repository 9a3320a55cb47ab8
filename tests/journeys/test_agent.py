"""A question of a customer and the agent who answers it, each in a window of his own, to the score."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from journeys.people import at_desk, look_until, on_phone

pytestmark = pytest.mark.browser

QUESTION = "十二月的基本电费怎么算的？"
ANSWER = "按合同最大需量计收，账单首行附有条款。"
WORD_ON_CLOSING = "说清楚了，但电费还是偏高。"
WORD_ON_THE_PHONE = "客服态度好，希望再便宜些。"


def test_a_question_is_answered_closed_called_back_and_scored(browser: Browser, demo: dict[str, Any]) -> None:
    customer = demo["accounts"]["customers"]["factory"]
    with (
        on_phone(browser, demo, "factory") as phone,
        at_desk(browser, demo, "agent") as desk,
        at_desk(browser, demo, "manager") as board,
    ):
        open_before = watch_open_cases(board)
        number = ask(phone)
        answer(desk, number, customer["account"])
        read_the_answer(phone)
        sees_one_more(board, open_before)
        close_as_partly_solved(phone)
        call_back(desk, number, customer)
        find_among_scores(desk, number)


def watch_open_cases(board: Page) -> int:
    """Open the live board and leave it open; returns how many cases it shows as open."""
    board.goto("/console/board/")
    board.evaluate("document.body.dataset.sameDocument = 'yes'")
    return int(open_cases(board).inner_text())


def open_cases(board: Page) -> Locator:
    tile = board.get_by_role("region", name="数据").get_by_role("listitem").filter(has_text="未结工单")
    return tile.get_by_role("link")


def sees_one_more(board: Page, before: int) -> None:
    """The open board looks again by itself, every quarter of a minute."""
    expect(open_cases(board)).to_have_text(re.compile(rf"^{before + 1}$"), timeout=25_000)
    expect(board.locator("body")).to_have_attribute("data-same-document", "yes")


def ask(phone: Page) -> str:
    """Ask from the bill; returns the case's number."""
    phone.get_by_role("link", name="客服", exact=True).click()
    phone.get_by_role("link", name="我要咨询").click()
    phone.get_by_label("请用您的话说明").fill(QUESTION)
    phone.get_by_role("button", name="提交", exact=True).click()
    expect(phone.get_by_text("已收到，可在这里查看进展。")).to_be_visible()
    return phone.url.rstrip("/").rsplit("/", 1)[1]


def answer(desk: Page, number: str, account: str) -> None:
    """Find the case in the list, with its limit; look at everything on one screen; answer."""
    desk.get_by_role("link", name="工单", exact=True).click()
    row = desk.get_by_role("row", name=re.compile(number))
    expect(row).to_contain_text(re.compile("到期|剩"))
    row.get_by_role("link", name=number).click()
    for part in ("客户反映", "处理进展", "客户与户号", "账单", "表计与示数", "任务"):
        expect(desk.get_by_role("heading", name=part, exact=True)).to_be_visible()
    expect(desk.get_by_text(QUESTION)).to_be_visible()
    expect(desk.get_by_role("link", name=account).first).to_be_visible()
    desk.get_by_label("答复客户").fill(ANSWER)
    desk.get_by_role("button", name="发送答复").click()
    expect(desk.get_by_text("答复已发送到客户消息。")).to_be_visible()
    expect(desk.locator("main")).to_contain_text(ANSWER)


def read_the_answer(phone: Page) -> None:
    look_until(phone, phone.get_by_text(ANSWER))
    expect(phone.get_by_text(ANSWER)).to_be_visible()


def close_as_partly_solved(phone: Page) -> None:
    phone.get_by_label("部分解决").check()
    phone.get_by_label("请用您的话说明").fill(WORD_ON_CLOSING)
    phone.get_by_role("button", name="按此结果结束").click()
    expect(phone.get_by_text("谢谢，已按您的原话记录。")).to_be_visible()
    expect(phone.get_by_role("link", name="没有解决？再次提出")).to_be_visible()


def call_back(desk: Page, number: str, customer: dict[str, str]) -> None:
    desk.get_by_role("link", name="回访", exact=True).click()
    call = desk.get_by_role("row", name=re.compile(number))
    look_until(desk, call)
    expect(call).to_contain_text("部分解决")
    call.get_by_role("link", name=customer["account"]).click()
    expect(desk.get_by_text(WORD_ON_CLOSING).first).to_be_visible()
    desk.get_by_role("button", name="查看").click()
    expect(desk.get_by_role("link", name=customer["phone"])).to_be_visible()
    desk.get_by_label("接通", exact=True).check()
    desk.get_by_label(re.compile("^评分")).select_option("4")
    desk.get_by_label("客户原话").fill(WORD_ON_THE_PHONE)
    desk.get_by_role("button", name="登记").click()
    expect(desk.get_by_text("回访结果已登记。")).to_be_visible()
    expect(desk.get_by_role("row", name=re.compile(number))).to_have_count(0)


def find_among_scores(desk: Page, number: str) -> None:
    desk.locator("main").get_by_role("link", name="时长与评分").click()
    row = desk.get_by_role("row", name=re.compile(number))
    expect(row).to_contain_text("部分解决")
    expect(row).to_contain_text(WORD_ON_THE_PHONE)
    expect(row.get_by_role("cell", name="4", exact=True)).to_be_visible()
