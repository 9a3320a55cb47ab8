"""A real Chromium for journeys: Debian's, headless, of a fresh profile; it reaches this machine alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--lang=zh-CN",
)  # fmt: skip
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
# Where a step of a person takes longer than this, he would call it broken.
PATIENCE_MS = 15_000


def chromium_path() -> str | None:
    """Return where the machine's Chromium is, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


_drivers: list[Playwright] = []


@contextmanager
def driver() -> Iterator[Playwright]:
    """Give the one driver that a process can have: the first who asks starts it, and stops it."""
    if _drivers:
        yield _drivers[0]
        return
    with sync_playwright() as started:
        _drivers.append(started)
        try:
            yield started
        finally:
            _drivers.clear()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser; it is gone at the end."""
    with driver() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path(), headless=True, args=list(FLAGS))
        try:
            yield started
        finally:
            started.close()


class Complaints:
    """What a page's console said and what it asked of other hosts: both must stay empty."""

    def __init__(self, page: Page, home: str) -> None:
        """Listen to a page whose own addresses begin with `home`."""
        self.said: list[str] = []
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self._watch(request.url, home))

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error" and "status of 4" not in text:
            self.said.append(text)

    def _watch(self, url: str, home: str) -> None:
        if not url.startswith((home, "data:", "blob:")):
            self.said.append(f"asked {url}")


@contextmanager
def window(browser: Browser, home: str, size: dict[str, int], **options: Any) -> Iterator[Page]:
    """Open a window of its own cookies; at the end nothing may have been complained of."""
    context = browser.new_context(
        base_url=home, viewport={"width": size["width"], "height": size["height"]}, locale="zh-CN",
        timezone_id="Asia/Shanghai", is_mobile=size is PHONE, has_touch=size is PHONE, **options,
    )  # fmt: skip
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    complaints = Complaints(page, home)
    try:
        yield page
        assert complaints.said == [], complaints.said
    finally:
        context.close()


def axe_findings(page: Page) -> list[str]:
    """Return what axe finds on the page as it stands: rule and the first place."""
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in found["violations"]]


def is_wider_than_its_window(page: Page) -> bool:
    """Tell whether the page as a whole scrolls sideways; a phone's innerWidth would grow with the page."""
    root = "document.documentElement"
    return bool(page.evaluate(f"() => {root}.scrollWidth > {root}.clientWidth + 1"))
