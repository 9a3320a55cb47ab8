"""The stage of the rounds' tests: one town a module, no bills; each test takes a home of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from service.stage import Stage


@pytest.fixture(scope="module")
def stage(module_database: str) -> Stage:
    # Django is loaded after the conftests, and the stage's own imports need it.
    from service.stage import build_stage

    return build_stage()
