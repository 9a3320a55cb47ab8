"""One demo and one browser for all walks through the pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from journeys.demo_system import DemoSystem, demo_system

POINTS = 201


@pytest.fixture(scope="session")
def town() -> Iterator[DemoSystem]:
    """A running demo whose question was asked, fixed and scored, so that no page is empty."""
    with demo_system(POINTS) as system:
        system.start()
        checked = system.run("demo", "--check")
        assert checked.returncode == 0, checked.stdout + checked.stderr + system.logs()
        yield system


@pytest.fixture(scope="session")
def demo(town: DemoSystem) -> dict[str, Any]:
    """What the running demo says of itself: addresses, people, passwords."""
    return town.demo_json


@pytest.fixture(scope="session")
def home(demo: dict[str, Any]) -> str:
    """The address of the first page, without the slash."""
    return str(demo["urls"]["home"]).rstrip("/")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A real Chromium."""
    from journeys.browser import chromium

    with chromium() as started:
        yield started
