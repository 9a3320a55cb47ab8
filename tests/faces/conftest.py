"""A small utility, built once a module; its parts are imported when Django is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from faces.small_utility import Utility


@pytest.fixture(scope="module")
def utility(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Utility]:
    """The utility with its people and its December readings, answering over HTTP."""
    from faces.small_utility import build_utility, http_settings

    with http_settings(tmp_path_factory.mktemp("data")):
        yield build_utility()
