"""`mingdu demo --check`: proves steps 2–9 of the thread on a running system, by HTTP and sockets only."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import typer

from mingdu.errors import TradeError
from mingdu.main.environment import Environment

from .caller import sign_in
from .check_bills import step_bill, step_bill_run
from .check_customer import step_callback, step_question
from .check_readings import step_day_close, step_head_end, step_ingest, step_terminals
from .proof import Context

Figures = dict[str, Any]
STEPS: dict[int, Callable[[Context], Figures]] = {
    2: step_terminals,
    3: step_head_end,
    4: step_ingest,
    5: step_day_close,
    6: step_bill_run,
    7: step_bill,
    8: step_question,
    9: step_callback,
}


def check_thread(environment: Environment, running: Any, as_json: bool) -> bool:
    """Run all steps in order, print one line each, and tell whether all held; the first failure ends it."""
    staff = {login: sign_in(running.url, login, word) for login, word in running.passwords.items()}
    context = Context(environment, running.url, staff)
    for number, step in STEPS.items():
        try:
            figures = step(context)
        except TradeError as failure:
            return _print_failure(number, failure, as_json)
        _print_step(number, figures, as_json)
    typer.echo(json.dumps({"check": "ok"}) if as_json else "CHECK OK")
    return True


def _print_step(number: int, figures: Figures, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"step": number, "ok": True, **figures}, ensure_ascii=False))
        return
    typer.echo(f"STEP {number} OK " + " ".join(f"{name}={value}" for name, value in figures.items()))


def _print_failure(number: int, failure: TradeError, as_json: bool) -> bool:
    if as_json:
        typer.echo(json.dumps({"check": "failed", "step": number, "error": failure.as_json()}, default=str))
    else:
        typer.echo(f"CHECK FAILED step={number} {failure.name}: {failure.message} {failure.values}")
    return False
