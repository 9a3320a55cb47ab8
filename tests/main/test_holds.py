"""What rests on readings above metering: the points of open cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from mingdu.main.holds import points_of_open_cases

pytestmark = pytest.mark.database


def test_the_points_of_open_cases_are_held(module_database: str, tmp_path: Path) -> None:
    from faces.small_utility import OWN, build_utility, http_settings
    from mingdu.metering.models import UsagePoint

    with http_settings(tmp_path):
        utility = build_utility()
        assert points_of_open_cases() == frozenset()
        body = {"account": OWN, "kind": "enquiry", "words": "why so much?"}
        utility.post("cases", "customer", body)
        held = points_of_open_cases()
    assert held is not None
    (point,) = held
    assert UsagePoint.objects.get(pk=point).code.endswith(OWN)
