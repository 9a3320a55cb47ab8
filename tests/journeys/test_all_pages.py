"""Every page at both sizes: no finding of axe, no sideways scrolling, nothing asked of another host."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from journeys.browser import DESK, PHONE, axe_findings, is_wider_than_its_window, window
from journeys.pages import PAGES, PageOf
from journeys.signed_in import open_page, states_of

pytestmark = pytest.mark.browser

SIZES = {"phone": PHONE, "desk": DESK}


@pytest.fixture(scope="module")
def states(browser: Browser, demo: dict[str, Any]) -> dict[str, Any]:
    """Each person's cookies, signed in once."""
    return states_of(browser, demo, {page.who for page in PAGES})


@pytest.fixture(params=sorted(SIZES))
def size(request: pytest.FixtureRequest) -> Iterator[dict[str, int]]:
    yield SIZES[request.param]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", PAGES, ids=lambda place: place.name)
def test_a_page_is_for_everybody(
    place: PageOf, scheme: str, size: dict[str, int], browser: Browser, home: str, states: dict[str, Any]
) -> None:
    with window(browser, home, size, storage_state=states[place.who], color_scheme=scheme) as page:
        _look(page, place)


def _look(page: Page, place: PageOf) -> None:
    open_page(page, place)
    assert axe_findings(page) == []
    assert not is_wider_than_its_window(page)


def test_axe_and_the_measure_of_width_see_planted_faults(browser: Browser, home: str) -> None:
    with window(browser, home, PHONE) as page:
        head = "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        page.set_content(f"<html>{head}<body><input><p style='width: 900px'>wide</p></body></html>")
        assert any(finding.startswith("label:") for finding in axe_findings(page))
        assert is_wider_than_its_window(page)
