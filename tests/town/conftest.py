"""One town of the whole year and one of its last month, shared by the tests; nothing changes them."""

from __future__ import annotations

from datetime import date

import pytest

from mingdu.town.model import Town

# A seed of the tests' own: the seed of a published score is not used while developing.
SEED = 20


@pytest.fixture(scope="session")
def town() -> Town:
    return Town(SEED)


@pytest.fixture(scope="session")
def december_town() -> Town:
    return Town(SEED, points=60, first_day=date(2026, 12, 1))
