"""The small utility with its December bills, on a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from faces.small_utility import Utility


@pytest.fixture(scope="module")
def billed(utility: Utility) -> Utility:
    """The utility after the bills of December were issued."""
    utility.issue_december()
    return utility


@pytest.fixture(scope="module")
def port(billed: Utility) -> Iterator[int]:
    """The port at which the house answers; the gateway's notices end with the module."""
    from faces.paying.real_server import serving
    from mingdu.main.gateway import gateway_here

    with serving() as number:
        yield number
        gateway_here().notifier.stop()
