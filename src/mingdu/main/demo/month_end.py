"""The month's end of the demo: the town's staff do it over HTTP, as people of the console would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mingdu.town.identity import SILENT_TERMINAL

from .caller import Caller, sign_in
from .waiting import until

PERIOD = "2026-12"
COLLECT_SECONDS = 240
RUN_SECONDS = 180

Tell = Callable[[str], None]


def end_month(running: Any, tell: Tell) -> None:
    """Rehearse, approve and issue the month's bills, once a data folder."""
    clerk = sign_in(running.url, "clerk", running.passwords["clerk"])
    manager = sign_in(running.url, "manager", running.passwords["manager"])
    if issued_run(clerk) is None:
        tell(f"bills of {PERIOD}: rehearse, approve, issue")
        bill_month(clerk, manager)


def bill_month(clerk: Caller, manager: Caller) -> dict[str, Any]:
    """Rehearse by the clerk, approve by the manager, issue by the clerk; returns the run."""
    number = clerk.post("runs/bills", {"period": PERIOD})["id"]
    until(lambda: _state(clerk, number) == "rehearsed", "the rehearsal", seconds=RUN_SECONDS)
    manager.post(f"runs/bills/{number}/approve")
    clerk.post(f"runs/bills/{number}/issue")
    until(lambda: _state(clerk, number) == "issued", "the issue", seconds=RUN_SECONDS)
    found: dict[str, Any] = clerk.get(f"runs/bills/{number}")
    return found


def issued_run(clerk: Caller) -> dict[str, Any] | None:
    """Return the first run of the month that was issued with bills, or None."""
    runs: list[dict[str, Any]] = clerk.get("runs/bills", period=PERIOD)
    return next((run for run in reversed(runs) if run["state"] == "issued" and run["issued_bills"]), None)


def are_online(engineer: Caller) -> bool:
    """Tell whether every terminal but home 42's, which is silent, has dialled in."""
    offline = [terminal for terminal in engineer.get("terminals")["terminals"] if not terminal["online"]]
    return [terminal["terminal"] for terminal in offline] == [SILENT_TERMINAL]


def is_collected(engineer: Caller, day: str) -> bool:
    """Tell whether no reading of the day is still being asked for at a terminal that is online."""
    found = engineer.get("collection", day=day)
    return bool(found["answered"] and not found["waiting_online"])


def is_closed(engineer: Caller, day: str) -> bool:
    """Tell whether every bucket of the day is closed."""
    return bool(engineer.get("collection", day=day)["is_closed"])


def _state(clerk: Caller, number: int) -> str:
    return str(clerk.get(f"runs/bills/{number}")["state"])
