"""Reporting and asking with photos, following a case, and ending it by one's own word."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from faces.customer.browsers import OTHER_PHONE, colleague_browser, customer_browser, page, told
from faces.customer.thread import ask_about, correct_bill
from faces.small_utility import FOREIGN, NOW, OWN, UNKNOWN, Utility
from mingdu.base.attachments import MOST_BYTES
from mingdu.faces.customer.timeline import story_of
from mingdu.service.queries import CaseView

pytestmark = pytest.mark.database

PICTURE = b"\x89PNG\r\n\x1a\n a picture of a meter"
QUESTION = {"account": OWN, "kind": "enquiry", "words": "几号抄表？"}


@pytest.fixture(scope="module")
def billed(utility: Utility) -> Utility:
    utility.issue_december()
    return utility


@pytest.fixture
def customer(billed: Utility) -> Client:
    return customer_browser()


def photo(name: str = "meter.png", content: bytes = PICTURE) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_a_customer_asks_follows_and_ends_his_question(customer: Client, billed: Utility) -> None:
    number = billed.bill_of(OWN)
    form = page(customer, f"/m/cases/new/?account={OWN}&bill_id={number}&kind=bill_too_high")
    assert f'<option value="{number}" selected>2026-12 · {OWN} · ¥161.50</option>' in form
    assert f'value="{OWN}"' in form
    said = {"account": OWN, "bill_id": number, "kind": "bill_too_high", "words": "太高了 <b>"}
    opened = customer.post("/m/cases/new/", said).headers["Location"]
    story = page(customer, opened)
    assert "已收到，可在这里查看进展" in story and "太高了 &lt;b&gt;" in story
    assert "已受理，有专人负责" in story and "前答复" in story and f'href="/m/bills/{number}/"' in story
    assert "bill_too_high" not in told(customer, "/m/cases/") and "太高了" in told(customer, "/m/cases/")
    ended = customer.post(opened, {"outcome": "partly", "words": "谢谢"})
    assert ended.headers["Location"] == opened
    closed = told(customer, opened)
    assert (
        "您已确认结束：部分解决" in closed and "没有解决？再次提出" in closed and "按此结果结束" not in closed
    )
    assert "部分解决" in told(customer, "/m/cases/")
    customer.post(opened, {"outcome": "fixed"})
    assert "这个问题已结束" in told(customer, opened)


def test_a_question_without_words_is_asked_again_with_what_was_typed(customer: Client) -> None:
    answer = customer.post("/m/cases/new/", {"account": OWN, "kind": "reading_wrong", "words": ""})
    shown = answer.content.decode()
    assert answer.status_code == 422 and "errorlist" in shown
    assert re.search(r'value="reading_wrong"[^>]*checked', shown)


def test_a_photo_goes_with_the_case_and_only_who_sees_the_case_sees_it(customer: Client) -> None:
    said = QUESTION | {"photos": [photo(), photo("bill.pdf", b"%PDF-1.7 a page")]}
    opened = customer.post("/m/cases/new/", said).headers["Location"]
    story = page(customer, opened)
    assert "meter.png" in story and f'href="{opened}files/1/"' in story
    shown = customer.get(f"{opened}files/0/")
    assert (shown.content, shown.headers["Content-Type"]) == (PICTURE, "image/png")
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert colleague_browser("agent").get(f"{opened}files/1/").headers["Content-Type"] == "application/pdf"
    assert customer.get(f"{opened}files/2/").status_code == 404
    assert customer_browser(OTHER_PHONE).get(f"{opened}files/0/").status_code == 404


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (photo("virus.exe", b"MZ no picture"), "不是 JPEG、PNG 或 PDF"),
        (photo("large.png", PICTURE + bytes(MOST_BYTES)), "照片超过 8 MB"),
    ],
)
def test_a_file_that_does_not_fit_is_named_and_nothing_typed_is_lost(
    customer: Client, file: SimpleUploadedFile, words: str
) -> None:
    file.seek(0)
    answer = customer.post("/m/cases/new/", QUESTION | {"words": "我的话", "photos": [file]})
    shown = answer.content.decode()
    assert answer.status_code == 422 and words in shown and "我的话" in shown


def test_a_photo_is_kept_when_the_form_comes_back(customer: Client) -> None:
    answer = customer.post("/m/cases/new/", QUESTION | {"words": "", "photos": [photo()]})
    shown = answer.content.decode()
    token = re.search(r'name="kept" value="([^"]+)"', shown)
    assert token is not None and "meter.png" in shown
    opened = customer.post("/m/cases/new/", QUESTION | {"kept": token[1]}).headers["Location"]
    assert "meter.png" in page(customer, opened)
    stranger = customer_browser(OTHER_PHONE)
    stolen = stranger.post("/m/cases/new/", QUESTION | {"account": FOREIGN, "kept": [token[1], "made up"]})
    assert "meter.png" not in page(stranger, stolen.headers["Location"])


def test_three_photos_are_enough(customer: Client) -> None:
    four = customer.post("/m/repair/", QUESTION | {"kind": "repair_request", "photos": [photo()] * 4})
    assert four.status_code == 422 and "最多三张照片" in four.content.decode()
    shown = customer.post("/m/repair/", {"account": OWN, "photos": [photo("a.png"), photo("b.png")]}).content
    tokens = re.findall(r'name="kept" value="([^"]+)"', shown.decode())
    more = QUESTION | {"kind": "repair_request", "kept": tokens, "photos": [photo("c.png"), photo("d.png")]}
    again = customer.post("/m/repair/", more)
    assert again.status_code == 422 and "最多三张照片" in again.content.decode()


def test_a_repair_is_reported_on_a_page_of_its_own(customer: Client) -> None:
    form = page(customer, "/m/repair/")
    assert "先拨打应急电话" in form and "哪张账单" not in form and 'aria-current="page"' in form
    said = {"account": OWN, "kind": "repair_request", "words": "全家停电"}
    opened = customer.post("/m/repair/", said).headers["Location"]
    assert "报修" in told(customer, opened) and "全家停电" in told(customer, opened)
    assert "抢修人员将于 2027-01-04 09:45 前到达现场" in told(customer, opened)
    number, listed = opened.split("/")[-2], told(customer, "/m/cases/")
    assert f"编号 {number}" in listed and "2027-01-04 09:45 前到达现场" in listed
    other = customer.post("/m/repair/", said | {"kind": "enquiry"})
    assert other.status_code == 422


def test_a_foreign_account_or_bill_is_refused_in_the_form(customer: Client, billed: Utility) -> None:
    pages = []
    for number in (FOREIGN, UNKNOWN):
        answer = customer.post("/m/cases/new/", QUESTION | {"account": number})
        assert answer.status_code == 422
        pages.append(re.sub(r'value="[0-9A-Za-z]{64}"', "", answer.content.decode().replace(number, "N")))
    assert pages[0] == pages[1] and "这个户号不在您的名下" in pages[0]
    bill = customer.post("/m/cases/new/", QUESTION | {"bill_id": billed.bill_of(FOREIGN)})
    assert bill.status_code == 422 and "这张账单不属于该户号" in bill.content.decode()


def test_a_foreign_case_is_not_there(customer: Client, billed: Utility) -> None:
    asked = {"account": FOREIGN, "kind": "enquiry", "words": "mine alone"}
    number = billed.post("cases", "stranger", asked).json()["number"]
    assert customer.get(f"/m/cases/{number}/").status_code == 404
    assert customer.post(f"/m/cases/{number}/", {"outcome": "fixed"}).status_code == 404


def test_a_word_that_is_none_of_the_three_is_asked_again(customer: Client, billed: Utility) -> None:
    number = billed.post("cases", "customer", QUESTION).json()["number"]
    answer = customer.post(f"/m/cases/{number}/", {"outcome": "so so", "words": "我的话"})
    assert answer.status_code == 200 and "errorlist" in answer.content.decode()
    assert "我的话" in answer.content.decode()


def test_a_customer_without_cases_reads_what_will_stand_there(billed: Utility) -> None:
    shown = page(customer_browser("13800000004"), "/m/cases/")
    assert "您的报修和问题会显示在这里" in shown and "已结束" not in shown


def test_a_late_answer_is_said_to_be_late() -> None:
    events = (("opened", NOW, "customer:1", {}),)
    case = CaseView(1, "2027", 1, OWN, "enquiry", "?", None, NOW, NOW + timedelta(hours=2), None, "", events)
    assert not story_of(case, now=NOW + timedelta(hours=2)).is_late
    assert story_of(case, now=NOW + timedelta(hours=3)).is_late


def test_the_story_tells_the_visit_the_correction_and_what_is_next(billed: Utility) -> None:
    number = ask_about(billed, OWN, billed.bill_of(OWN), "customer")
    assert "下一步：等待现场结果" in told(customer_browser(), f"/m/cases/{number}/")
    number = correct_bill(billed, FOREIGN, "stranger")
    story = told(customer_browser(OTHER_PHONE), f"/m/cases/{number}/")
    for words in (
        "已受理", "已安排抄表员到现场", "抄表员已到现场，示数已记录", "账单需要更正 -40.00 元",
        "账单已更正：原 161.50 元已冲销，正确金额为 121.50 元", "下一步：请您确认，问题解决了吗？",
    ):  # fmt: skip
        assert words in story
