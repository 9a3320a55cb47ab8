"""Steps 8 and 9 of the check: the customer's question is fixed, closed, called back and scored."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from mingdu.core.registers import Register
from mingdu.town.model import Town
from mingdu.town.roster import QUESTIONED

from .caller import Caller, sign_in_customer
from .proof import Context, must
from .run import CUSTOMERS
from .waiting import until

HOME = CUSTOMERS["home"]
FOREIGN = CUSTOMERS["shop"]["account"]
WORDS = "十二月的电费比平时高出一半，我家没有多用电。"
TAKEN_AT = "2027-01-04T09:00:00+08:00"
SCORE, CALL_WORDS = 5, "查得快，账单也讲得清楚。"


def step_question(context: Context) -> dict[str, Any]:
    """He asks why it is so high; the re-read finds the mistyped digits; reversal and rebill; he closes."""
    customer = sign_in_customer(context.url, HOME["phone"], context.staff["admin"])
    _refuse_foreign(customer)
    case = _own_case(customer) or _ask(context, customer)
    if case["closed_at"] is None:
        case = _fix(context, customer, case)
    bills = customer.get(f"accounts/{HOME['account']}/bills")
    kinds = [bill["kind"] for bill in bills]
    must(kinds == ["bill", "reversal", "rebill"], "reversal and rebill stand beside the bill", kinds=kinds)
    must(_fen(bills[0]["total"]) + _fen(bills[1]["total"]) == 0, "the reversal cancels exactly")
    balance = customer.get(f"accounts/{HOME['account']}")["balance"]
    must(balance == bills[2]["total"], "he owes the right bill and nothing else", balance=balance)
    templates = [message["template"] for message in customer.get("inbox")]
    must("bill_corrected" in templates, "he was told", templates=templates)
    return {"case": case["number"], "old": bills[0]["total"], "new": bills[2]["total"]}


def step_callback(context: Context) -> dict[str, Any]:
    """The closed case is on the callback list; score and words are kept; the board shows them."""
    agent = context.staff["agent"]
    until(lambda: _calls(agent), "the callback", seconds=30)
    for call in _calls(agent):
        if call["score"] is None:
            body = {"outcome": "reached", "score": SCORE, "words": CALL_WORDS}
            agent.post(f"callbacks/{call['id']}/result", body)
    row = next(row for row in agent.get("board") if row["account"] == HOME["account"])
    must(row["score"] == SCORE and row["words"] == CALL_WORDS, "the score is on the board", **row)
    must(row["seconds_open"] >= 0 and row["outcome"] == "fixed", "times and outcome are on the board", **row)
    return {"case": row["case"], "score": row["score"], "seconds_open": row["seconds_open"]}


def _ask(context: Context, customer: Caller) -> dict[str, Any]:
    bill = customer.get(f"accounts/{HOME['account']}/bills")[0]
    must(customer.get(f"bills/{bill['id']}")["total"] == bill["total"], "he can read his bill")
    body = {"account": HOME["account"], "kind": "bill_too_high", "words": WORDS, "bill_id": bill["id"]}
    case: dict[str, Any] = customer.post("cases", body)
    must(case["due_at"] > case["opened_at"], "the case has a limit", **case)
    return case


def _fix(context: Context, customer: Caller, case: dict[str, Any]) -> dict[str, Any]:
    number = case["number"]
    if not _happened(case, "reread_ordered"):
        context.staff["agent"].post(f"cases/{number}/reread")
    if not _happened(customer.get(f"cases/{number}"), "reread_in"):
        _read_on_the_spot(context, number)
    until(
        lambda: _correction(context) or _happened(customer.get(f"cases/{number}"), "corrected"),
        "the proposal",
        seconds=30,
    )
    until(
        lambda: _correction(context) or _happened(customer.get(f"cases/{number}"), "corrected"),
        "the proposal",
        seconds=30,
    )
    for correction in _correction(context):
        context.staff["manager"].post(f"corrections/{correction['id']}/approve")
    until(
        lambda: _happened(customer.get(f"cases/{number}"), "corrected"),
        "the correction in the case",
        seconds=30,
    )
    closed: dict[str, Any] = customer.post(f"cases/{number}/close", {"outcome": "fixed", "words": "谢谢"})
    return closed


def _read_on_the_spot(context: Context, number: str) -> None:
    """The reader opens the route, reads the meter's own memory of the settlement and sends it, twice."""
    reader = context.staff["reader"]
    stop = next(stop for stop in reader.get("rounds/route") if stop["usage_point"] == f"P{HOME['account']}")
    town = Town(context.environment.town_seed, context.environment.town_points)
    items = [
        {
            "client_id": f"{number}:{register}", "task_id": stop["task_id"], "register": register,
            "value": _shown(town, register), "read_at": stop["read_at"], "taken_at": TAKEN_AT,
        }
        for register in stop["registers"]
    ]  # fmt: skip
    first = [result["status"] for result in reader.post("rounds/sync", {"items": items})["results"]]
    second = [result["status"] for result in reader.post("rounds/sync", {"items": items})["results"]]
    must(set(first) == {"accepted"}, "the phone's values are taken", first=first)
    must(set(second) == {"same"}, "sent twice changes nothing", second=second)


def _shown(town: Town, register: str) -> str:
    """What the meter itself shows for the settlement: the simulated world, not Mingdu's data."""
    end_day = town.span.last_day + timedelta(days=1)
    digits = int(town.registers([QUESTIONED], [end_day])[Register[register]][0, 0])
    return f"{digits // 100}.{digits % 100:02d}"


def _refuse_foreign(customer: Caller) -> None:
    """A foreign account answers exactly as an unknown one."""
    answers = [customer.page(f"/api/v1/accounts/{number}") for number in (FOREIGN, "0599999999")]
    texts = {answer.text.replace(FOREIGN, "#").replace("0599999999", "#") for answer in answers}
    must({answer.status_code for answer in answers} == {404} and len(texts) == 1, "foreign looks unknown")


def _own_case(customer: Caller) -> dict[str, Any] | None:
    found: list[dict[str, Any]] = [case for case in customer.get("cases") if case["kind"] == "bill_too_high"]
    return found[-1] if found else None


def _correction(context: Context) -> list[dict[str, Any]]:
    waiting = context.staff["manager"].get("corrections")
    return [correction for correction in waiting if correction["account"] == HOME["account"]]


def _calls(agent: Caller) -> list[dict[str, Any]]:
    return [call for call in agent.get("callbacks", open_only="false") if call["account"] == HOME["account"]]


def _happened(case: dict[str, Any], what: str) -> bool:
    return any(event["what"] == what for event in case["events"])


def _fen(text: str) -> int:
    return int(100 * Decimal(text))
