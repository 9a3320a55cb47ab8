"""The thread over the API: question → re-read → rebill → the customer's word → callback → board."""

from __future__ import annotations

from typing import Any

import pytest

from faces.small_utility import MOVED, OWN, Utility
from mingdu.core.bill_check import verify_bill
from mingdu.core.registers import Register

pytestmark = pytest.mark.database

# The meter shows 100 kWh less than what was billed.
TOO_MUCH = 10_000
CLOSE = {"outcome": "fixed", "words": "谢谢"}


@pytest.fixture(scope="module")
def asked(utility: Utility) -> tuple[Utility, str, int]:
    """A customer has said that his bill is too high; a reader was sent."""
    utility.issue_december()
    bill = utility.bill_of(OWN, "customer")
    question = {"account": OWN, "kind": "bill_too_high", "words": "太高了", "bill_id": bill}
    opened = utility.post("cases", "customer", question)
    assert opened.status_code == 201
    number = opened.json()["number"]
    assert utility.post(f"cases/{number}/reread", "agent").status_code == 200
    utility.work()
    return utility, number, bill


def item(stop: dict[str, Any], value: str, client_id: str = "phone-1") -> dict[str, Any]:
    return {
        "client_id": client_id, "task_id": stop["task_id"], "register": "TOTAL", "value": value,
        "read_at": stop["read_at"], "taken_at": "2027-01-04T08:30:00+08:00",
    }  # fmt: skip


def test_a_case_has_an_owner_and_a_limit(asked: tuple[Utility, str, int]) -> None:
    utility, number, _ = asked
    case = utility.get(f"cases/{number}", "customer").json()
    assert [event["what"] for event in case["events"]][:2] == ["opened", "reread_ordered"]
    assert case["due_at"] > case["opened_at"] and case["closed_at"] is None
    tasks = utility.get("tasks?kind=case", "agent").json()
    assert [task["subject"] for task in tasks] == [f"case:{number}"]
    assert utility.get(f"tasks/{tasks[0]['id']}", "agent").json() == tasks[0]


def test_the_thread_ends_on_the_board(asked: tuple[Utility, str, int]) -> None:
    utility, number, bill = asked
    stop = utility.get("rounds/route", "reader").json()[0]
    assert (stop["usage_point"], stop["registers"]) == ("P0530100002", ["TOTAL"])
    shown = utility.get(f"bills/{bill}", "customer").json()["input"]["readings"][0]["to"]
    read = f"{float(shown) - TOO_MUCH / 100:.2f}"
    sent = {"items": [item(stop, read), item(stop, "x", "phone-2")]}
    results = utility.post("rounds/sync", "reader", sent).json()["results"]
    assert [result["status"] for result in results] == ["accepted", "BadFieldValue"]
    again = utility.post("rounds/sync", "reader", {"items": [item(stop, read)]}).json()["results"]
    assert [result["status"] for result in again] == ["same"]
    utility.work()
    proposal = utility.get("corrections", "approver").json()[0]
    assert (proposal["account"], proposal["bill_id"]) == (OWN, bill)
    approved = utility.post(f"corrections/{proposal['id']}/approve", "approver")
    assert approved.status_code == 200, approved.content
    done = approved.json()
    utility.work()
    bills = utility.get(f"accounts/{OWN}/bills", "customer").json()
    assert [(each["kind"], each["is_current"]) for each in bills] == [
        ("bill", False), ("reversal", False), ("rebill", True),
    ]  # fmt: skip
    moved = (MOVED[Register.TOTAL] - TOO_MUCH) / 100
    assert float(bills[2]["energy_kwh"]) == moved
    assert verify_bill(utility.get(f"bills/{done['rebill_id']}", "customer").json()) == {"ok": True}
    assert utility.get(f"accounts/{OWN}", "customer").json()["balance"] == bills[2]["total"]
    told = [message["template"] for message in utility.get("inbox", "customer").json()]
    assert told[0] == "bill_corrected"
    page = utility.client.get("/m/")
    assert page.status_code == 302
    closed = utility.post(f"cases/{number}/close", "customer", CLOSE).json()
    assert (closed["outcome"], closed["closed_at"] is not None) == ("fixed", True)
    utility.work()
    call = utility.get("callbacks", "agent").json()[0]
    assert call["case"] == number
    bad = utility.post(f"callbacks/{call['id']}/result", "agent", {"outcome": "reached", "score": 6})
    assert (bad.status_code, bad.json()["code"]) == (422, "BadScore")
    word = {"outcome": "reached", "score": 5, "words": "解决得快"}
    assert utility.post(f"callbacks/{call['id']}/result", "agent", word).status_code == 204
    assert utility.get("callbacks", "agent").json() == []
    row = utility.get("board", "manager").json()[0]
    assert (row["case"], row["score"], row["words"], row["outcome"]) == (number, 5, "解决得快", "fixed")


def test_a_case_ends_once_and_its_task_with_it(utility: Utility) -> None:
    question = {"account": OWN, "kind": "enquiry", "words": "when do you read?"}
    number = utility.post("cases", "customer", question).json()["number"]
    task = next(task for task in utility.get("tasks", "agent").json() if task["subject"] == f"case:{number}")
    agent = {"person_id": int(utility.get("me", "agent").json()["id"].partition(":")[2])}
    assert utility.post(f"tasks/{task['id']}/assign", "manager", agent).status_code == 204
    assert utility.post(f"cases/{number}/close", "customer", CLOSE).status_code == 200
    assert utility.get(f"tasks/{task['id']}", "agent").json()["outcome"] == "fixed"
    twice = utility.post(f"cases/{number}/close", "customer", CLOSE)
    assert (twice.status_code, twice.json()["code"]) == (409, "CaseAlreadyClosed")
    late = utility.post(f"tasks/{task['id']}/assign", "manager", agent)
    assert (late.status_code, late.json()["code"]) == (409, "TaskAlreadyDone")


def test_whoever_proposes_does_not_approve(utility: Utility) -> None:
    run = utility.post("runs/bills", "clerk", {"period": "2026-12"}).json()
    early = utility.post(f"runs/bills/{run['id']}/approve", "approver")
    assert (early.status_code, early.json()["code"]) == (409, "RunNotReady")
    own = utility.post(f"runs/bills/{run['id']}/approve", "clerk")
    assert (own.status_code, own.json()["code"]) == (403, "ApprovalByProposer")
    unapproved = utility.post(f"runs/bills/{run['id']}/issue", "clerk")
    assert (unapproved.status_code, unapproved.json()["code"]) == (409, "RunNotApproved")
    future = utility.post("runs/bills", "clerk", {"period": "2027-01"})
    assert (future.status_code, future.json()["code"]) == (409, "PeriodNotOver")
    assert utility.get("runs/bills?period=2026-12", "manager").json()[0]["id"] == run["id"]


def test_keeps_a_photo_once_and_refuses_what_is_none(utility: Utility) -> None:
    picture = b"\xff\xd8\xff a photo of a meter"
    first, second = (utility.post_file("attachments", picture, "reader") for _ in range(2))
    assert (first.status_code, first.json()) == (201, second.json())
    assert first.json()["media_type"] == "image/jpeg"
    assert utility.post_file("attachments", b"MZ a program", "reader").status_code == 415
    assert utility.post_file("attachments", b"\xff\xd8\xff" + bytes(8_000_000), "reader").status_code == 413


def test_every_act_stands_in_the_audit(asked: tuple[Utility, str, int]) -> None:
    utility, number, _ = asked
    acts = utility.get(f"audit?target=case:{number}", "manager").json()
    assert acts[-1]["verb"] == "service.open_case"
    utility.work()
    events = utility.get("outbox/events", "administrator").json()
    waiting = [event for event in events if not event["done_at"] or event["error"]]
    assert events
    assert [(event["event"], event["consumer"], event["error"]) for event in waiting] == []
