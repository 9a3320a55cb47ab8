"""`make shots`: a demo of its own, and a picture of every page in both sizes, Chinese, light."""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from playwright.sync_api import FloatRect, Page  # noqa: E402

from journeys.browser import DESK, PHONE, chromium, window  # noqa: E402
from journeys.conftest import POINTS  # noqa: E402
from journeys.demo_system import demo_system  # noqa: E402
from journeys.pages import PAGES  # noqa: E402
from journeys.signed_in import open_page, states_of  # noqa: E402

SHOTS = ROOT / "build" / "shots"
PICTURES = ROOT / "docs" / "pictures"
SIZES = {"phone": PHONE, "desk": DESK}
# These two stand in the README.
CHOSEN = {"customer-bill-phone": "customer-bill.png", "finding-desk": "reading-review.png"}
MOST_BYTES = 200_000
CHOSEN_HEIGHT = 760


def main(names: list[str]) -> None:
    """Take all pictures, or those of the named pages; the chosen ones also go where the README shows them."""
    pages = [page for page in PAGES if not names or page.name in names]
    SHOTS.mkdir(parents=True, exist_ok=True)
    with demo_system(POINTS) as system, chromium() as browser:
        system.start()
        assert system.run("demo", "--check").returncode == 0, system.logs()
        states = states_of(browser, system.demo_json, {page.who for page in pages})
        home = system.demo_json["urls"]["home"].rstrip("/")
        for place, (name, size) in product(pages, SIZES.items()):
            with window(browser, home, size, storage_state=states[place.who]) as page:
                open_page(page, place)
                _take(page, f"{place.name}-{name}")
    for shot, picture in CHOSEN.items():
        _choose(SHOTS / f"{shot}.png", PICTURES / picture)
    print(f"{2 * len(pages)} pictures in {SHOTS.relative_to(ROOT)}")


def _take(page: Page, shot: str) -> None:
    """Take the whole page; of those for the README what one sees at once."""
    seen = page.viewport_size
    assert seen is not None
    clip: FloatRect = {"x": 0, "y": 0, "width": seen["width"], "height": CHOSEN_HEIGHT}
    whole = shot not in CHOSEN
    page.screenshot(path=SHOTS / f"{shot}.png", full_page=whole, clip=None if whole else clip)


def _choose(shot: Path, picture: Path) -> None:
    content = shot.read_bytes()
    assert len(content) <= MOST_BYTES, f"{shot.name} has {len(content)} bytes, {MOST_BYTES} are allowed"
    picture.parent.mkdir(exist_ok=True)
    picture.write_bytes(content)


if __name__ == "__main__":
    main(sys.argv[1:])
