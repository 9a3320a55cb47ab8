"""Readings over the API: the one door, reported row by row."""

from __future__ import annotations

from typing import Any

import pytest

from faces.small_utility import Utility

pytestmark = pytest.mark.database

POINT = "P0530100002"
GOOD: dict[str, Any] = {
    "usage_point": POINT, "channel": "IMPORT", "time": "2026-12-20T00:15:00+08:00", "value": "0.25",
    "unit": "kWh",
}  # fmt: skip


def send(utility: Utility, *rows: dict[str, Any], who: str = "engineer") -> Any:
    return utility.post("readings", who, {"rows": list(rows)}).json()


def test_takes_intervals_and_registers_and_the_same_again_changes_nothing(utility: Utility) -> None:
    register = GOOD | {
        "channel": "",
        "register": "PEAK",
        "time": "2026-12-20T00:00:00+08:00",
        "value": "9000.5",
    }
    first = send(utility, GOOD, register)
    assert first == {"rows": 2, "accepted": 2, "same": 0, "conflicts": 0, "bad": []}
    assert send(utility, GOOD, register) == {"rows": 2, "accepted": 0, "same": 2, "conflicts": 0, "bad": []}


def test_keeps_both_of_two_values_that_differ(utility: Utility) -> None:
    row = GOOD | {"time": "2026-12-21T00:15:00+08:00"}
    send(utility, row)
    report = send(utility, row | {"value": "0.26"})
    assert (report["accepted"], report["conflicts"]) == (0, 1)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"usage_point": "P0"}, "UnknownUsagePoint"),
        ({"channel": "HEAT"}, "UnknownChannel"),
        ({"time": "2030-12-20T00:15:00+08:00"}, "FutureReading"),
        ({"time": "yesterday"}, "BadTime"),
        ({"value": "much"}, "BadValue"),
        ({"unit": "kg"}, "UnknownUnit"),
        ({"quality": "guessed"}, "UnknownQuality"),
    ],
)
def test_names_a_bad_row_and_lets_the_others_stand(
    utility: Utility, change: dict[str, str], error: str
) -> None:
    good = GOOD | {"time": "2026-12-22T00:15:00+08:00"}
    report = send(utility, good, GOOD | change)
    assert report["accepted"] + report["same"] == 1
    assert [(bad["line"], bad["error"]) for bad in report["bad"]] == [(2, error)]


@pytest.mark.parametrize("value", ["1,2", "1\n2", '"1"', "1\r"])
def test_refuses_cells_that_would_end_a_cell(utility: Utility, value: str) -> None:
    answer = utility.post("readings", "engineer", {"rows": [GOOD | {"value": value}]})
    assert (answer.status_code, answer.json()["code"]) == (422, "BadInput")


def test_a_point_of_a_foreign_unit_is_unknown(utility: Utility) -> None:
    from faces.small_utility import employ
    from mingdu.base.models import OrgUnit
    from mingdu.base.roles import Role

    utility.tokens["far engineer"] = employ("far", Role.ENGINEER, OrgUnit.objects.get(code="0531"))
    report = send(utility, GOOD, who="far engineer")
    assert [bad["error"] for bad in report["bad"]] == ["UnknownUsagePoint"]


def test_a_finding_is_explained_once(utility: Utility) -> None:
    from datetime import date

    from faces.small_utility import NOW
    from mingdu.metering.models import Finding, UsagePoint

    finding = Finding.objects.create(
        rule="stuck", usage_point=UsagePoint.objects.get(code=POINT), day=date(2026, 12, 20),
        first_interval=0, latest_interval=95, severity=2, figure=0, threshold=48, found_at=NOW,
    )  # fmt: skip
    shown = utility.get("findings", "engineer").json()
    assert [(each["id"], each["usage_point"], each["day"]) for each in shown] == [
        (finding.pk, POINT, "2026-12-20")
    ]
    word = {"reason": "true_use", "note": "an empty house"}
    assert utility.post(f"findings/{finding.pk}/explain", "engineer", word).status_code == 204
    twice = utility.post(f"findings/{finding.pk}/explain", "engineer", word)
    assert (twice.status_code, twice.json()["code"]) == (409, "AlreadyExplained")
    assert utility.get("findings", "engineer").json() == []


def test_shows_terminals_quarantine_and_the_collection_of_a_day(utility: Utility) -> None:
    from faces.small_utility import NOW
    from mingdu.metering.models import Terminal, TerminalSession, UnknownTerminal

    online = Terminal.objects.order_by("terminal_address")[0]
    TerminalSession.objects.create(
        terminal=online, process="1", peer="127.0.0.1", connected_at=NOW, heartbeat_at=NOW
    )
    Terminal.objects.create(terminal_address="999999999999", profile=online.profile, unit=online.unit)
    UnknownTerminal.objects.create(
        terminal_address="539999000001", peer="1.2.3.4", first_at=NOW, latest_at=NOW
    )
    shown = utility.get("terminals", "engineer").json()
    assert [each["terminal"] for each in shown["terminals"] if each["online"]] == [online.terminal_address]
    assert shown["terminals"][0]["connected_at"] == "2027-01-04T09:00:00+08:00"
    assert shown["terminals"][-1]["connected_at"] is None
    assert [(each["terminal"], each["tries"]) for each in shown["quarantine"]] == [("539999000001", 1)]
    day = utility.get("collection?day=2026-12-31", "engineer").json()
    assert day["expected"] == day["stored"] > 0
    assert (day["answered"], day["waiting_online"], day["is_closed"]) == (0, 0, False)
    utility.post("days/close", "engineer", {"from": "2026-12-31", "to": "2026-12-31"})
    utility.work()
    assert utility.get("collection?day=2026-12-31", "engineer").json()["is_closed"]


def test_days_are_closed_by_a_run_and_not_before_they_are_over(utility: Utility) -> None:
    days = {"from": "2026-12-20", "to": "2026-12-21"}
    started = utility.post("days/close", "engineer", days)
    assert (started.status_code, started.json()["done"]) == (202, 0)
    utility.work()
    again = utility.post("days/close", "engineer", {"from": "2027-01-03", "to": "2027-01-04"})
    assert (again.status_code, again.json()["code"]) == (409, "DayNotOver")
    wrong = utility.post("days/close", "engineer", {"from": "2026-12-21", "to": "2026-12-20"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "DaysOutOfOrder")
