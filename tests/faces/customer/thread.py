"""A customer's question about his bill, up to the bill that was corrected."""

from __future__ import annotations

from faces.small_utility import Utility

TOO_MUCH_KWH = 50


def correct_bill(utility: Utility, account: str, who: str) -> str:
    """Let a customer doubt his bill, a reader find less and an approver say yes; gives the case's number."""
    bill = utility.bill_of(account)
    number = ask_about(utility, account, bill, who)
    read_less(utility, account, bill, who)
    proposal = next(row for row in utility.get("corrections", "approver").json() if row["account"] == account)
    assert utility.post(f"corrections/{proposal['id']}/approve", "approver").status_code == 200
    utility.work()
    return number


def ask_about(utility: Utility, account: str, bill: int, who: str) -> str:
    """Open a case about a bill and send a reader; gives its number."""
    asked = {"account": account, "kind": "bill_too_high", "words": "too much", "bill_id": bill}
    number: str = utility.post("cases", who, asked).json()["number"]
    assert utility.post(f"cases/{number}/reread", "agent").status_code == 200
    utility.work()
    return number


def read_less(utility: Utility, account: str, bill: int, who: str) -> None:
    """Read the meter of the bill on the spot: it shows less than the bill was made from."""
    stop = next(
        stop for stop in utility.get("rounds/route", "reader").json() if stop["usage_point"] == f"P{account}"
    )
    shown = float(utility.get(f"bills/{bill}", who).json()["input"]["readings"][0]["to"])
    item = {
        "client_id": f"phone-{bill}", "task_id": stop["task_id"], "register": "TOTAL",
        "value": f"{shown - TOO_MUCH_KWH:.2f}", "read_at": stop["read_at"],
        "taken_at": "2027-01-04T08:30:00+08:00",
    }  # fmt: skip
    results = utility.post("rounds/sync", "reader", {"items": [item]}).json()["results"]
    assert [result["status"] for result in results] == ["accepted"]
    utility.work()
