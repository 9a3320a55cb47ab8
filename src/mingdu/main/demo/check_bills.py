"""Steps 6 and 7 of the check: the bill run, and bills that anybody can recompute."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mingdu.core.bill_check import verify_bill

from .month_end import PERIOD, bill_month, issued_run
from .proof import Context, must
from .run import CUSTOMERS
from .waiting import until


def step_bill_run(context: Context) -> dict[str, Any]:
    """The month was rehearsed, approved by another person and issued; the proposer may not approve."""
    clerk, manager = context.staff["clerk"], context.staff["manager"]
    run = issued_run(clerk) or bill_month(clerk, manager)
    must(run["proposed_by"] != run["approved_by"] != "", "another person approved", **_who(run))
    again = clerk.post("runs/bills", {"period": PERIOD})["id"]
    until(
        lambda: clerk.get(f"runs/bills/{again}")["state"] == "rehearsed", "the second rehearsal", seconds=120
    )
    second = clerk.get(f"runs/bills/{again}")
    must(second["bills"] == 0, "an account that has its bill is not billed again", bills=second["bills"])
    refused = clerk.refused(f"runs/bills/{again}/approve")
    must(refused == "ApprovalByProposer", "the proposer may not approve", refused=refused)
    must(clerk.refused(f"runs/bills/{again}/issue") == "RunNotApproved", "no issue without approval")
    return {"bills": run["issued_bills"], "held": run["held"], "total": run["total"]}


def step_bill(context: Context) -> dict[str, Any]:
    """Bills of home, shop and factory carry clause and readings a line and are recomputed by the checker."""
    figures: dict[str, Any] = {}
    for name, who in CUSTOMERS.items():
        bills = context.staff["clerk"].get(f"accounts/{who['account']}/bills")
        if not bills and name != "home":
            continue
        must(bills, "the account has its bill", account=who["account"])
        bill = context.staff["clerk"].get(f"bills/{bills[0]['id']}")
        _hold(bill)
        figures[name] = bill["total"]
    return figures


def _hold(bill: dict[str, Any]) -> None:
    verdict = verify_bill(bill)
    must(verdict["ok"], "the bill is recomputed to the fen", **verdict)
    for line in bill["lines"]:
        must(
            line["clause"] and line["source"] and "verified" in line,
            "every line names its clause",
            line=line["id"],
        )
        must(line["readings"], "every line names its readings", line=line["id"])
    total = sum(Decimal(line["amount"]) for line in bill["lines"])
    must(total == Decimal(bill["total"]), "the total is the sum of its lines", total=bill["total"])


def _who(run: dict[str, Any]) -> dict[str, Any]:
    return {name: run[name] for name in ("proposed_by", "approved_by")}
