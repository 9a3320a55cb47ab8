"""The demo's people take the reading cycles of a month through their steps, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from faces.small_utility import Utility, build_utility, http_settings
from mingdu.main.demo.reading_cycle import finish, start_cycles
from mingdu.rounds.models import ReadingList

pytestmark = pytest.mark.database
STEPS = (("prepare", "clerk"), ("read", "engineer"), ("enter", "engineer"), ("check", "clerk"))


@dataclass(frozen=True)
class Colleague:
    """One of the staff, calling the API inside this process."""

    utility: Utility
    role: str

    def get(self, path: str, **query: str) -> Any:
        answer = self.utility.get(f"{path}?{urlencode(query)}", self.role)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def post(self, path: str, body: Any = None) -> Any:
        answer = self.utility.post(path, self.role, body)
        assert answer.status_code < 300, answer.content
        return answer.json() if answer.content else None


@pytest.fixture
def staff(database: str, tmp_path: Path) -> Iterator[dict[str, Colleague]]:
    with http_settings(tmp_path):
        utility = build_utility()
        yield {role: Colleague(utility, role) for role in ("clerk", "engineer", "manager")}


def test_every_book_is_taken_from_prepare_to_check(staff: dict[str, Colleague]) -> None:
    runs = start_cycles(staff["engineer"], "2026-12")
    assert len(runs) == len(staff["manager"].get("books")) > 0
    for step, role in STEPS:
        assert {each["step"] for each in staff["manager"].get("processes")} == {step}
        finish(staff[role], runs, step)
    assert staff["manager"].get("processes") == []
    for run in runs:
        steps = staff["manager"].get(f"processes/{run}")
        assert [(each["step"], each["outcome"]) for each in steps] == [(step, "done") for step, _ in STEPS]
        assert staff["manager"].get(f"reading-cycles/{run}")["points"] > 0


def test_an_interrupted_month_goes_on_where_it_was(staff: dict[str, Colleague]) -> None:
    runs = start_cycles(staff["engineer"], "2026-12")
    finish(staff["clerk"], runs[:1], "prepare")
    assert start_cycles(staff["engineer"], "2026-12") == runs
    for step, role in STEPS:
        finish(staff[role], runs, step)
    assert staff["manager"].get("processes") == []
    assert ReadingList.objects.count() == len(runs)
