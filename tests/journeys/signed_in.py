"""Pages opened as the people who use them, each signed in once."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Page

from journeys.browser import DESK, window
from journeys.pages import PageOf
from journeys.people import sign_in_colleague, sign_in_customer


def states_of(browser: Browser, demo: dict[str, Any], people: set[str]) -> dict[str, Any]:
    """Return each person's signed-in cookies; nobody ("") has none."""
    home = demo["urls"]["home"].rstrip("/")
    states: dict[str, Any] = {}
    for who in sorted(people):
        with window(browser, home, DESK) as page:
            if who in demo["accounts"]["customers"]:
                sign_in_customer(browser, page, demo, who)
            elif who:
                sign_in_colleague(page, demo, who)
            states[who] = page.context.storage_state()
    return states


def open_page(page: Page, place: PageOf) -> None:
    """Go to a page as a person would; it must be there."""
    answer = page.goto(place.path)
    assert answer is not None and answer.status == 200, (place.name, answer and answer.status)
    for step in place.then:
        page.locator(step).first.click()
        page.wait_for_load_state("networkidle")
