"""The reading cycle over HTTP: started, seen, given, returned, finished, and checked by another person."""

from __future__ import annotations

import pytest

from faces.small_utility import Answer, Utility, employ
from mingdu.base.models import OrgUnit
from mingdu.base.roles import Role
from mingdu.rounds.queries import book_codes

pytestmark = pytest.mark.database
PERIOD = "2026-12"


def start(utility: Utility, who: str, period: str = PERIOD) -> Answer:
    return utility.post("reading-cycles", who, {"book": book_codes()[0], "period": period})


def finish(utility: Utility, run: int, step: str, who: str) -> Answer:
    return utility.post(f"processes/{run}/steps/{step}/finish", who, {"outcome": "done"})


def refused(answer: Answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def steps(utility: Utility, run: int) -> list[tuple[str, str, int]]:
    found = utility.get(f"processes/{run}", "clerk").json()
    return [(step["step"], step["outcome"], step["returned"]) for step in found]


def number_of(utility: Utility, who: str) -> int:
    return int(utility.get("me", who).json()["id"].partition(":")[2])


def test_a_reading_cycle_from_prepare_to_check(utility: Utility) -> None:
    begun = start(utility, "manager")
    run = begun.json()["id"]
    assert begun.status_code == 201
    assert start(utility, "engineer").json() == {"id": run}
    (running,) = utility.get("processes?definition=reading-cycle", "clerk").json()
    assert (running["id"], running["step"], running["owner_role"]) == (run, "prepare", "clerk")
    assert utility.get(f"reading-cycles/{run}", "reader").json()["frozen_at"] is None

    assert refused(finish(utility, run, "prepare", "engineer")) == (403, "NotTaskOwner")
    assert finish(utility, run, "prepare", "clerk").status_code == 204
    frozen = utility.get(f"reading-cycles/{run}", "reader").json()
    assert (frozen["period"], frozen["points"] > 0, frozen["frozen_at"] is not None) == (PERIOD, True, True)
    assert refused(finish(utility, run, "prepare", "clerk")) == (404, "UnknownStep")

    for step in ("read", "enter"):
        assert finish(utility, run, step, "engineer").status_code == 204
    sent_back = utility.post(f"processes/{run}/steps/check/return", "clerk", {"reason": "表计 3 漏抄"})
    assert sent_back.status_code == 204
    assert utility.get("processes", "manager").json()[0]["returned"] == 1
    assert finish(utility, run, "enter", "engineer").status_code == 204
    assert finish(utility, run, "check", "clerk").status_code == 204
    assert steps(utility, run) == [
        ("prepare", "done", 0), ("read", "done", 0), ("enter", "done", 1), ("check", "done", 0),
    ]  # fmt: skip
    assert utility.get("processes", "manager").json() == []


def test_who_entered_does_not_check_even_with_the_role(utility: Utility) -> None:
    run = start(utility, "manager", "2026-11").json()["id"]
    employ("both", Role.ENGINEER, OrgUnit.objects.get(code="0530"))
    utility.tokens["both"] = employ("both", Role.CLERK, OrgUnit.objects.get(code="0530"))
    for step in ("prepare", "read", "enter"):
        assert finish(utility, run, step, "both").status_code == 204
    assert refused(finish(utility, run, "check", "both")) == (403, "SamePerson")
    assert finish(utility, run, "check", "clerk").status_code == 204


def test_a_step_is_given_and_given_to_another(utility: Utility) -> None:
    run = start(utility, "manager", "2026-10").json()["id"]
    address = f"processes/{run}/steps/prepare/assign"
    utility.tokens["colleague"] = employ("colleague", Role.CLERK, OrgUnit.objects.get(code="0530"))
    clerk, colleague = number_of(utility, "clerk"), number_of(utility, "colleague")
    assert utility.post(address, "manager", {"person_id": clerk}).status_code == 204
    assert refused(finish(utility, run, "prepare", "colleague")) == (403, "NotTaskOwner")
    assert utility.post(address, "manager", {"person_id": colleague}).status_code == 204
    assert utility.get("processes", "manager").json()[0]["assigned_to"] == colleague
    assert finish(utility, run, "prepare", "colleague").status_code == 204
    reader = {"person_id": number_of(utility, "reader")}
    step = f"processes/{run}/steps/read/assign"
    assert refused(utility.post(step, "manager", reader)) == (422, "PersonWithoutRole")
    assert refused(utility.post(step, "manager", {"person_id": 999_999})) == (422, "UnknownPerson")
    task = utility.get("processes", "manager").json()[0]["task_id"]
    by_task = utility.post(f"tasks/{task}/complete", "engineer", {"outcome": "done"})
    assert refused(by_task) == (409, "TaskIsStep")
    assert refused(finish(utility, run, "dance", "clerk")) == (404, "UnknownStep")


def test_refuses_what_cannot_be_started_or_returned(utility: Utility) -> None:
    assert refused(start(utility, "clerk")) == (403, "NotPermitted")
    assert refused(start(utility, "manager", "2027-02")) == (409, "MonthAhead")
    unknown = utility.post("reading-cycles", "manager", {"book": "B-NOWHERE", "period": PERIOD})
    assert refused(unknown) == (422, "UnknownBook")
    run = start(utility, "manager", "2026-09").json()["id"]
    back = f"processes/{run}/steps/prepare/return"
    assert refused(utility.post(back, "clerk", {"reason": "why"})) == (409, "NothingToReturn")
    assert refused(utility.post(back, "clerk", {"reason": ""})) == (422, "ReasonMissing")
    assert refused(utility.get("reading-cycles/999999", "clerk")) == (404, "UnknownProcess")


def test_a_task_is_completed_by_its_owner_alone(utility: Utility) -> None:
    question = {"account": "0530100002", "kind": "enquiry", "words": "when do you read?"}
    number = utility.post("cases", "customer", question).json()["number"]
    task = next(task for task in utility.get("tasks", "agent").json() if task["subject"] == f"case:{number}")
    done = utility.post(f"tasks/{task['id']}/complete", "reader", {"outcome": "done"})
    assert refused(done) == (403, "NotTaskOwner")
    assert utility.post(f"tasks/{task['id']}/complete", "manager", {"outcome": "done"}).status_code == 204
