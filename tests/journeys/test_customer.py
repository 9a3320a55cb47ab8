"""A customer's ways through his pages on a phone: bill, payment, repair, settings, a neighbour's account."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from journeys.browser import PHONE, is_wider_than_its_window, window
from journeys.people import look_until, sign_in_customer
from journeys.signed_in import states_of

pytestmark = pytest.mark.browser

MONEY = re.compile(r"¥(\d+\.\d{2})")
CAPITALS = re.compile("人民币[零壹贰叁肆伍陆柒捌玖拾佰仟万亿元角分]+整?")
RECEIPT = re.compile(r"微信支付 · ")
OpenPhone = Callable[[str], AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def on_phone(browser: Browser, home: str, demo: dict[str, Any]) -> OpenPhone:
    """Open a phone by the name of its owner; each of them typed his code once."""
    states = states_of(browser, demo, {"shop", "factory"})
    return lambda who: window(browser, home, PHONE, storage_state=states[who])


def test_understands_the_bill_down_to_reading_and_clause(on_phone: OpenPhone) -> None:
    with on_phone("shop") as page:
        page.goto("/m/")
        expect(page.get_by_role("region", name="最近一天")).to_contain_text("度")
        page.get_by_role("link", name="查看当日曲线").click()
        expect(page.locator("main figure svg").first).to_be_visible()
        open_first_bill(page)
        open_first_line(page)
        assert not is_wider_than_its_window(page)
        download_the_printed_page(page)
        page.get_by_role("link", name="与上月比较").click()
        expect(page.get_by_role("heading", name="与上月比较", level=1)).to_be_visible()
        # The town's first bill has none before it: the page says so, and compares what the registers counted.
        expect(page.locator("main")).to_contain_text("没有账单，该月电费无从得知")
        page.go_back()
        expect(page.get_by_role("heading", name="逐行明细")).to_be_visible()


def open_first_bill(page: Page) -> None:
    page.get_by_role("link", name="账单", exact=True).click()
    page.get_by_role("region", name="全部账单").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="逐行明细")).to_be_visible()


def open_first_line(page: Page) -> None:
    line = page.get_by_role("region", name="逐行明细").locator("details").first
    expect(line.get_by_text("条款")).to_be_hidden()
    line.locator("summary").click()
    for head in ("条款", "依据", "起码", "止码"):
        expect(line.get_by_text(head).first).to_be_visible()
    expect(line.locator("tbody tr").first).to_contain_text(re.compile(r"\d+\.\d{2}"))


def download_the_printed_page(page: Page) -> None:
    with page.expect_download() as waited:
        page.get_by_role("link", name="下载 PDF 账单").click()
    file = waited.value
    assert file.suggested_filename.endswith(".pdf")
    assert Path(file.path()).read_bytes().startswith(b"%PDF")


def test_pays_once_though_three_notices_come(on_phone: OpenPhone) -> None:
    with on_phone("shop") as page:
        page.goto("/m/")
        owed = owed_on_bills(page)
        assert owed != "0.00"
        page.get_by_role("region", name="全部账单").get_by_role("link").first.click()
        page.get_by_role("link", name="立即缴费").click()
        expect(page.get_by_label("缴费金额（元）")).to_have_value(owed)
        page.get_by_role("button", name="去支付").click()
        expect(page).to_have_url(re.compile("/gateway/"))
        gateway = page.url
        pay_at_gateway(page, owed, "重复通知三次")
        expect(page.get_by_role("heading", name="缴费成功")).to_be_visible()
        # The second and the third notice come one second after the other.
        page.wait_for_timeout(2500)
        read_the_receipt(page, owed)
        page.get_by_role("link", name="返回").click()
        assert page.get_by_role("link", name=RECEIPT).count() == 1
        assert owed_on_bills(page) == "0.00"
        nothing_is_left_to_pay(page)
        page.goto(gateway)
        expect(page.get_by_text("本订单已支付。")).to_be_visible()
        expect(page.get_by_role("button")).to_have_count(0)


def pay_at_gateway(page: Page, amount: str, notices: str) -> None:
    """Pay on the gateway's page, whose way of telling us is chosen by a label."""
    expect(page).to_have_url(re.compile("/gateway/"))
    page.get_by_text("支付结果怎样通知（试用选项）").click()
    page.get_by_label(notices, exact=True).check()
    page.get_by_role("button", name=f"支付 ¥{amount}", exact=True).click()
    expect(page).to_have_url(re.compile("/m/"))


def read_the_receipt(page: Page, amount: str) -> None:
    page.get_by_role("link", name="收据", exact=True).click()
    expect(page.locator("main")).to_contain_text(f"¥{amount}")
    expect(page.get_by_text(CAPITALS)).to_be_visible()


def nothing_is_left_to_pay(page: Page) -> None:
    page.get_by_role("link", name="用电", exact=True).click()
    expect(page.get_by_role("region", name="应付")).to_contain_text("没有未缴电费")
    expect(page.get_by_role("link", name="立即缴费")).to_have_count(0)


def owed_on_bills(page: Page) -> str:
    """Return what the page of bills says is to pay, in yuan."""
    page.get_by_role("link", name="账单", exact=True).click()
    expect(page.get_by_role("heading", name="账单", exact=True, level=1)).to_be_visible()
    found = MONEY.search(page.locator("main section", has_text="应付").first.inner_text())
    assert found is not None
    return found[1]


def test_a_wrong_amount_books_nothing_and_a_late_notice_is_waited_for(on_phone: OpenPhone) -> None:
    with on_phone("factory") as page:
        page.goto("/m/")
        before = owed_on_bills(page)
        order_a_part(page, "200.00")
        pay_at_gateway(page, "200.00", "金额不符")
        expect(page.get_by_role("heading", name="有疑问，核实中")).to_be_visible()
        expect(page.locator("main")).to_contain_text("暂未入账")
        assert owed_on_bills(page) == before

        order_a_part(page, "100.00")
        page.get_by_text("支付结果怎样通知（试用选项）").click()
        page.get_by_label("秒", exact=True).fill("3")
        page.get_by_text("支付结果怎样通知（试用选项）").click()
        pay_at_gateway(page, "100.00", "延迟若干秒")
        expect(page.get_by_role("heading", name="正在确认")).to_be_visible()
        expect(page.get_by_role("heading", name="缴费成功")).to_be_visible()
        assert fen(owed_on_bills(page)) == fen(before) - 100_00


def order_a_part(page: Page, amount: str) -> None:
    page.get_by_role("link", name="用电", exact=True).click()
    page.get_by_role("link", name="立即缴费").click()
    page.get_by_label("缴费金额（元）").fill(amount)
    page.get_by_role("button", name="去支付").click()


def fen(yuan: str) -> int:
    return int(yuan.replace(".", ""))


def test_reports_a_repair_with_a_photo_and_follows_it(on_phone: OpenPhone) -> None:
    with on_phone("shop") as page:
        page.goto("/m/")
        page.get_by_role("link", name="报修", exact=True).click()
        page.get_by_label("请用您的话说明").fill("店里从早上七点没有电，隔壁有电。")
        page.get_by_label("照片").set_input_files(
            {"name": "meter.png", "mimeType": "image/png", "buffer": small_picture()}
        )
        page.get_by_role("button", name="提交报修").click()
        expect(page.get_by_role("heading", name="报修", level=1)).to_be_visible()
        expect(page.locator("main")).to_contain_text("前到达现场")
        number = page.url.rstrip("/").rsplit("/", 1)[1]
        expect(page.get_by_role("link", name="meter.png")).to_be_visible()
        page.get_by_role("link", name="客服", exact=True).click()
        page.get_by_role("link", name=re.compile("店里从早上七点没有电")).first.click()
        expect(page.locator("main")).to_contain_text(number)
        page.get_by_role("link", name="meter.png").click()
        expect(page).to_have_url(re.compile("/files/"))
        page.go_back()
        read_the_news(page, f"已受理：{number}")


def read_the_news(page: Page, title: str) -> None:
    """Find a message in the inbox and mark it as read."""
    page.get_by_role("link", name=re.compile("^消息")).click()
    news = page.get_by_role("article").filter(has=page.get_by_role("heading", name=title))
    look_until(page, news)
    expect(news).to_contain_text("未读")
    unread = page.get_by_text("未读", exact=True).count()
    news.get_by_role("button", name="标为已读").click()
    expect(news.get_by_role("button")).to_have_count(0)
    expect(page.get_by_text("未读", exact=True)).to_have_count(unread - 1)


def small_picture() -> bytes:
    """Return a PNG of four grey points."""

    def part(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0)
    points = zlib.compress(b"\x00\x40\x80\x00\x80\x40")
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", points) + part(b"IEND", b"")


def test_reads_in_large_print_and_in_english(on_phone: OpenPhone) -> None:
    with on_phone("shop") as page:
        page.goto("/m/")
        page.get_by_role("link", name="我的", exact=True).click()
        usual = letter_height(page)
        page.get_by_role("button", name="大字", exact=True).click()
        expect(page.get_by_text("大字显示：开")).to_be_visible()
        assert letter_height(page) > usual
        assert not is_wider_than_its_window(page)
        page.get_by_role("button", name="标准字").click()
        expect(page.get_by_text("大字显示：关")).to_be_visible()
        assert letter_height(page) == usual
        page.get_by_role("button", name="English").click()
        expect(page.get_by_role("heading", name="Me", exact=True, level=1)).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        page.get_by_role("button", name="中文").click()
        expect(page.get_by_role("heading", name="我的", exact=True, level=1)).to_be_visible()


def letter_height(page: Page) -> float:
    height: float = page.locator("h1").evaluate("head => parseFloat(getComputedStyle(head).fontSize)")
    return height


def test_binds_a_neighbours_account_by_the_code_on_its_bill(
    on_phone: OpenPhone, demo: dict[str, Any]
) -> None:
    neighbours = demo["accounts"]["customers"]["factory"]["account"]
    with on_phone("factory") as page:
        page.goto("/m/")
        open_first_bill(page)
        said = page.locator("main section", has=page.get_by_role("heading", name="账单码")).inner_text()
        found = re.search(r"\d{4} \d{4}", said)
        assert found is not None
    with on_phone("shop") as page:
        page.goto("/m/")
        page.get_by_role("link", name="我的", exact=True).click()
        page.get_by_role("link", name="绑定户号").click()
        prove(page, neighbours, "不认识的人")
        expect(page.get_by_text("户号与证明不符")).to_be_visible()
        expect(page.get_by_label("户号", exact=True)).to_have_value(neighbours)
        prove(page, neighbours, found[0])
        expect(page.get_by_text(f"户号 {neighbours} 已绑定。")).to_be_visible()
        page.get_by_role("link", name=re.compile(f"^{neighbours}")).click()
        expect(page.get_by_role("region", name="户号")).to_contain_text(neighbours)
        page.get_by_role("link", name="我的", exact=True).click()
        page.get_by_role("button", name=f"解绑 {neighbours}").click()
        expect(page.get_by_text(f"户号 {neighbours} 已解绑。")).to_be_visible()
        expect(page.get_by_role("link", name=re.compile(f"^{neighbours}"))).to_have_count(0)


def prove(page: Page, number: str, proof: str) -> None:
    page.get_by_label("户号", exact=True).fill(number)
    page.get_by_label("户名，或账单码").fill(proof)
    page.get_by_role("button", name="绑定", exact=True).click()


def test_signs_in_reads_and_asks_without_javascript(
    browser: Browser, home: str, demo: dict[str, Any]
) -> None:
    with window(browser, home, PHONE, java_script_enabled=False) as page:
        sign_in_customer(browser, page, demo, "shop")
        page.get_by_role("link", name="账单", exact=True).click()
        page.get_by_role("region", name="全部账单").get_by_role("link").first.click()
        open_first_line(page)
        page.get_by_role("link", name="对这张账单有疑问").click()
        page.get_by_label("电费偏高").check()
        page.get_by_label("请用您的话说明").fill("比去年同月多，请解释。")
        page.get_by_role("button", name="提交", exact=True).click()
        expect(page.get_by_role("heading", name="电费偏高", level=1)).to_be_visible()
        expect(page.locator("main")).to_contain_text("比去年同月多，请解释。")
        expect(page.locator("main")).to_contain_text("前答复")
        page.get_by_role("link", name="我的", exact=True).click()
        page.get_by_role("button", name="退出").click()
        expect(page.get_by_label("手机号")).to_be_visible()
