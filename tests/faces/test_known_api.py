"""Values as known at a time, changes and edits of curves over the API."""

from __future__ import annotations

from typing import Any

import pytest

from faces.small_utility import Utility

pytestmark = pytest.mark.database

POINT = "P0530100002"
AT = "2026-12-20T00:15:00+08:00"
EDIT: dict[str, Any] = {
    "usage_point": POINT, "channel": "IMPORT", "day": "2026-12-20", "first": 1, "values": ["0.31", "0.32"],
    "words": "按现场记录",
}  # fmt: skip


def value(utility: Utility, who: str = "engineer", **asked: str) -> Any:
    said = {"item": "IMPORT", "at": AT, **asked}
    query = "&".join(f"{name}={text.replace('+', '%2B')}" for name, text in said.items())
    return utility.get(f"usage-points/{POINT}/value?{query}", who).json()


def test_an_edit_is_known_from_then_on(utility: Utility) -> None:
    from mingdu.metering.models import DayClosing

    row = {"usage_point": POINT, "channel": "IMPORT", "time": AT, "value": "0.25", "unit": "kWh"}
    utility.post("readings", "engineer", {"rows": [row]})
    first = value(utility)
    assert (first["value"], first["quality"], first["minutes"]) == ("0.25", "measured", 15)
    closing = {"closed_at": first["known_at"], "closed_by": "system"}
    DayClosing.objects.get_or_create(day="2026-12-20", bucket=0, defaults=closing)
    assert utility.post("curves/edit", "engineer", EDIT).json() == {"changed": 2}
    edited = value(utility)
    assert (edited["value"], edited["quality"], edited["version"]) == ("0.31", "edited", 2)
    span = "since=2026-12-01T00:00:00Z&until=2027-12-01T00:00:00Z"
    found = utility.get(f"changes?{span}&usage_point={POINT}", "engineer").json()
    (change,) = [each for each in found if each["item"] == "IMPORT"]
    assert (change["intervals"], change["old"]["values"], change["new"]["values"]) == (
        [1, 2], ["0.25", None], ["0.31", "0.32"],
    )  # fmt: skip
    assert (change["words"], change["evidence_kind"]) == ("按现场记录", "desk")
    assert len(utility.get(f"changes?{span}&most=1", "engineer").json()) == 1


@pytest.mark.parametrize(
    ("query", "status"),
    [("item=STEAM", 422), ("item=IMPORT&at=yesterday", 422), ("item=1", 422)],
)
def test_refuses_what_is_no_item_or_time(utility: Utility, query: str, status: int) -> None:
    assert (
        utility.get(f"usage-points/{POINT}/value?at={AT.replace('+', '%2B')}&{query}", "engineer").status_code
        == status
    )


@pytest.mark.parametrize(
    "change", [{"channel": "TOTAL"}, {"channel": 1}, {"values": ["much"]}, {"words": ""}]
)
def test_refuses_an_edit_that_has_no_form(utility: Utility, change: dict[str, Any]) -> None:
    assert utility.post("curves/edit", "engineer", EDIT | change).status_code == 422


def test_names_an_edit_that_cannot_be(utility: Utility) -> None:
    refused = utility.post("curves/edit", "engineer", EDIT | {"values": ["0.123"]})
    assert refused.json()["code"] == "BadCurveValue"
