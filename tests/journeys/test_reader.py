"""The reader's day in a real Chromium: no network, a killed browser, a new version, an ended session."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Page, Request, expect

from journeys.browser import PHONE, axe_findings, chromium, is_wider_than_its_window, window
from journeys.demo_system import demo_system
from journeys.field_phone import PIN, Gate, Office, Phone, Stop, noisy_picture, started_phone

pytestmark = [pytest.mark.database, pytest.mark.browser]

POINTS = 201
MOST_PHOTO_BYTES = 300_000
MOST_FIRST_LOAD_BYTES = 120_000
TOO_MUCH = re.compile(r"电量 [\d,]+ 度，(是月均的 [\d.]+ 倍|超过合同容量)")


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with demo_system(POINTS) as system:
        system.start()
        yield Office(system)


@pytest.fixture(scope="module")
def route(office: Office) -> list[Stop]:
    found = office.send_reader()
    assert len(found) >= 6
    return found


@pytest.fixture
def gate(office: Office) -> Iterator[Gate]:
    gate = Gate(office.home)
    thread = Thread(target=gate.serve_forever)
    thread.start()
    try:
        yield gate
    finally:
        gate.shutdown()
        thread.join()
        gate.server_close()


def test_a_day_in_basements_reaches_the_office_once(
    office: Office, route: list[Stop], gate: Gate, tmp_path: Path
) -> None:
    readable = office.readable(route)
    slipped, plain, stood_by = readable[:3]
    locked = next(stop for stop in route if stop not in (slipped, plain, stood_by))
    done = (slipped, plain, stood_by, locked)
    picture = noisy_picture(tmp_path / "door.png")
    assert picture.stat().st_size > 5_000_000

    with started_phone(gate, tmp_path / "profile") as phone:
        phone.sign_in(office.passwords["reader"])
        phone.context.set_offline(True)
        phone.page.reload()
        phone.unlock()
        expect(phone.page.get_by_role("button", name=f"待抄 {len(route)}")).to_be_visible()
        read_without_network(phone, office, done, picture)
        phone.kill()

    with started_phone(gate, tmp_path / "profile", offline=True) as phone:
        phone.page.goto("/f/")
        phone.expect_unsent(4)
        phone.unlock("135790")
        expect(phone.page.get_by_role("alert")).to_contain_text("PIN 不对")
        phone.unlock()
        phone.expect_unsent(4)
        take_a_new_version(phone, route[-1])
        assert {office.outcome(stop["task_id"]) for stop in done} == {""}

        gate.is_busy = False
        phone.context.set_offline(True)
        phone.context.set_offline(False)
        phone.expect_unsent(0)
        phone.page.get_by_role("link", name="上传", exact=True).tap()
        expect(phone.page.get_by_text("已上传", exact=True)).to_have_count(4)
        outlive_the_session(phone, office, readable[3])

    for stop in (slipped, plain, stood_by):
        each_once = ["rounds.record_visit", *["rounds.sync"] * len(stop["registers"])]
        assert office.acts(stop["task_id"]) == each_once
    outcomes = [office.outcome(stop["task_id"]) for stop in done]
    assert outcomes == ["confirmed", "confirmed", "corrected", "dog"]
    assert office.acts(locked["task_id"]) == ["rounds.record_visit"]
    photos = [each for each in (office.system.data / "attachments").rglob("*") if each.is_file()]
    assert len(photos) == 1
    assert 50_000 < photos[0].stat().st_size <= MOST_PHOTO_BYTES
    assert photos[0].read_bytes()[:3] == b"\xff\xd8\xff"


def read_without_network(phone: Phone, office: Office, stops: tuple[Stop, ...], picture: Path) -> None:
    slipped, plain, stood_by, locked = stops
    read_with_a_slip(phone, office, slipped)
    phone.expect_unsent(1)
    phone.open_stop(plain)
    phone.enter(office.on_file(plain), plain["registers"])
    phone.expect_unsent(2)
    stand_by(phone, office, stood_by, picture)
    phone.expect_unsent(3)
    leave_unread(phone, locked, picture)
    phone.expect_unsent(4)
    expect(phone.page.get_by_role("button", name="已抄 3")).to_be_visible()
    expect(phone.page.get_by_role("button", name="未抄到 1")).to_be_visible()


def read_with_a_slip(phone: Phone, office: Office, stop: Stop) -> None:
    """Type too much, be told so without being told what is on file, look again, and correct it."""
    page, true = phone.page, office.on_file(stop)
    phone.open_stop(stop)
    assert not any(value in page.content() for value in true.values())
    slip = true | {stop["registers"][-1]: "999999.99"}
    phone.enter(slip, stop["registers"])
    expect(page.get_by_role("alert")).to_contain_text(TOO_MUCH)
    page.get_by_role("button", name="返回修改").tap()
    for _ in "999999.99":
        page.get_by_role("button", name="删除").tap()
    phone.type_value(true[stop["registers"][-1]])
    page.get_by_role("button", name="保存", exact=True).tap()


def stand_by(phone: Phone, office: Office, stop: Stop, picture: Path) -> None:
    """Enter something unlikely that the meter does show: warned, photographed, confirmed."""
    page = phone.page
    phone.open_stop(stop)
    phone.enter(office.on_file(stop) | {stop["registers"][0]: "999990.00"}, stop["registers"])
    expect(page.get_by_role("heading", name="请核对")).to_be_visible()
    page.locator("input[type=file]").set_input_files(picture)
    expect(page.get_by_alt_text("现场照片")).to_be_visible()
    page.get_by_label("备注").fill("表就是这样显示的")
    page.get_by_role("button", name="示数属实，确认").tap()


def leave_unread(phone: Phone, stop: Stop, picture: Path) -> None:
    page = phone.page
    phone.open_stop(stop)
    page.get_by_role("button", name="未抄到").tap()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="保存").tap()
    expect(sheet.get_by_role("alert")).to_have_text("请选择原因。")
    sheet.get_by_label("有狗").check()
    sheet.locator("input[type=file]").set_input_files(picture)
    expect(sheet.get_by_alt_text("现场照片")).to_be_visible()
    sheet.get_by_role("button", name="保存").tap()


def take_a_new_version(phone: Phone, stop: Stop) -> None:
    """A newer build comes while the queue is full: never in the middle of an entry, only when asked."""
    page, gate = phone.page, phone.gate
    gate.is_newer = gate.is_busy = True
    phone.context.set_offline(False)
    page.get_by_role("link", name="我的").tap()
    page.get_by_role("button", name="检查更新").tap()
    offered = page.get_by_text("新版本可用")
    expect(offered).to_be_visible()
    page.get_by_role("link", name="抄表", exact=True).tap()
    phone.open_stop(stop)
    phone.type_value("12")
    expect(offered).to_be_hidden()
    page.get_by_role("link", name="返回").tap()
    phone.expect_unsent(4)
    page.get_by_role("button", name="更新", exact=True).tap()
    expect(page.locator("meta[name=build]")).to_have_attribute("content", "newer")
    phone.expect_unsent(4)
    phone.unlock()
    phone.expect_unsent(4)
    phone.open_stop(stop)
    expect(page.locator("input.figure").first).to_have_value("12")
    page.get_by_role("link", name="返回").tap()


def outlive_the_session(phone: Phone, office: Office, stop: Stop) -> None:
    """The session ends before a reading is sent; it waits until the reader has signed in again."""
    page = phone.page
    phone.gate.is_expired = True
    page.get_by_role("link", name="抄表", exact=True).tap()
    phone.open_stop(stop)
    phone.enter(office.on_file(stop), stop["registers"])
    expect(page.get_by_text("登录已过期")).to_be_visible()
    phone.expect_unsent(1)
    phone.gate.is_expired = False
    page.get_by_role("button", name="重新登录").tap()
    page.get_by_role("dialog").get_by_label("密码").fill(office.passwords["reader"])
    page.get_by_role("dialog").get_by_role("button", name="登录").tap()
    phone.expect_unsent(0)
    expect(page.get_by_text("登录已过期")).to_be_hidden()
    assert office.outcome(stop["task_id"]) == "confirmed"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_every_screen_is_clean(office: Office, route: list[Stop], scheme: str, language: str) -> None:
    is_chinese = language == "zh-CN"
    with chromium() as browser, window(browser, office.home, PHONE, color_scheme=scheme) as page:
        page.goto("/f/")
        if not is_chinese:
            page.get_by_role("button", name="English").tap()
        assert page.locator("html").get_attribute("lang") == ("zh-CN" if is_chinese else "en")
        assert_clean(page)
        page.locator("#login").fill("reader")
        page.locator("#password").fill(office.passwords["reader"])
        page.locator("#pin").fill(PIN)
        page.locator("#pin-again").fill(PIN)
        page.locator("[type=submit]").tap()
        page.locator("a.stop").first.wait_for()
        assert_clean(page)
        page.locator("a.stop").first.tap()
        page.locator("input.figure").first.wait_for()
        assert_clean(page)
        page.get_by_role("button", name="未抄到" if is_chinese else "Not read").tap()
        page.get_by_role("dialog").wait_for()
        assert_clean(page)
        page.keyboard.press("Escape")
        for field in page.locator("input.figure").all():
            field.press_sequentially("999999.99")
        page.get_by_role("button", name="保存" if is_chinese else "Save", exact=True).tap()
        page.get_by_role("alert").wait_for()
        assert_clean(page)
        for name in ("queue", "me"):
            page.goto(f"/f/{name}")
            page.locator("#pin").fill(PIN)
            page.locator("[type=submit]").tap()
            page.locator(f"nav a[href='/f/{name}'][aria-current]").wait_for()
            assert_clean(page)


def assert_clean(page: Page) -> None:
    assert axe_findings(page) == []
    assert not is_wider_than_its_window(page)
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, a, input:not(.hidden), textarea, summary')]
            .filter((each) => each.checkVisibility())
            .map((each) => (each.closest('label') ?? each))
            .filter((each) => each.getBoundingClientRect().height < 44)
            .map((each) => each.outerHTML.slice(0, 120))"""
    )
    assert small == []


def test_the_first_load_is_small(office: Office) -> None:
    with chromium() as browser, window(browser, office.home, PHONE) as page:
        sizes: list[int] = []
        page.on("requestfinished", lambda asked: sizes.append(transferred_bytes(asked)))
        page.goto("/f/")
        page.get_by_label("账号").wait_for()
        page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
        kept = page.evaluate(
            """async () => {
                const names = await caches.keys()
                const cache = await caches.open(names[0])
                return [names.length, (await cache.keys()).length]
            }"""
        )
        assert kept[0] == 1 and kept[1] >= 5
        print(f"first load of the field app: {sum(sizes)} bytes in {len(sizes)} answers")
        assert 0 < sum(sizes) <= MOST_FIRST_LOAD_BYTES


def transferred_bytes(asked: Request) -> int:
    sizes = asked.sizes()
    return sizes["responseBodySize"] + sizes["responseHeadersSize"]


def test_a_round_that_a_clerk_sends_reaches_the_phone(office: Office, gate: Gate, tmp_path: Path) -> None:
    book = next(each for each in office.get("books", "engineer") if each["points"] > 1)
    cycle = {"book": book["book"], "period": "2026-11"}
    run = office.post("reading-cycles", "engineer", cycle)["id"]
    office.post(f"processes/{run}/steps/prepare/finish", "clerk", {"outcome": "done"})
    round_path = f"reading-cycles/{run}/round"
    sent = office.post(round_path, "clerk", {"is_by_hand": True})
    assert (sent["sent"], sent["read"]) == (book["points"], 0)
    assert office.post(round_path, "clerk", {"is_by_hand": True}) == sent
    stops = [stop for stop in office.get("rounds/route", "reader") if stop["kind"] == "round_reading"]
    # An area's check meter has no holder.
    stop = office.readable([each for each in stops if each["holder"]][:3])[0]
    with started_phone(gate, tmp_path / "profile") as phone:
        phone.sign_in(office.passwords["reader"])
        phone.open_stop(stop)
        expect(phone.page.get_by_text(stop["holder"])).to_be_visible()
        expect(phone.page.get_by_text(f"户号 {stop['account']}")).to_be_visible()
        phone.enter(office.on_file(stop), stop["registers"])
        office.until_outcome(stop["task_id"], "read", phone.page)
        phone.expect_unsent(0)
    assert office.get(round_path, "clerk")["read"] == 1
