"""`mingdu seal`, `mingdu unseal` and `mingdu sealed`: whole months in Parquet files, and the way back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any

import typer

from mingdu.base.actors import Actor

from .readings import By, month_days
from .staff import staff_or_system
from .starting import ready

DIFFERENCE = 3
EVERY_FILE = 1_000_000

Month = Annotated[str, typer.Argument(help="Month, such as 2026-03.")]
Check = Annotated[
    bool, typer.Option("--check", help="Compare every file with its hash; exit code 3 if any differs.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(seal)
    app.command()(unseal)
    app.command()(sealed)
    app.command()(retention)


def seal(month: Month, by: By = "") -> None:
    """Put a closed month of all readings into Parquet files; reads answer as before."""
    from mingdu.metering.operations.seal import seal_month

    _work(seal_month, month, by)


def unseal(month: Month, by: By = "") -> None:
    """Bring a sealed month back into the database, row by row as it was."""
    from mingdu.metering.operations.seal import unseal_month

    _work(unseal_month, month, by)


def sealed(check: Check = False, by: By = "") -> None:
    """List the sealed files that count, one JSON object a line: path, month, rows, readings, hashes."""
    now = ready()
    from mingdu.metering.operations.seal import check_sealed
    from mingdu.metering.queries.sealed import sealed_files

    actor = staff_or_system(by)
    if check:
        check_sealed(most=EVERY_FILE, by=actor, at=now)
    files = sealed_files(actor)
    for file in files:
        typer.echo(json.dumps(file.as_json(), ensure_ascii=False))
    if any(file.damage for file in files):
        raise typer.Exit(DIFFERENCE)


def retention(by: By = "") -> None:
    """Print what is past its time and would go in the next steps of the worker; changes nothing."""
    now = ready()
    from mingdu.metering.operations.retention import past_its_time

    typer.echo(json.dumps(vars(past_its_time(by=staff_or_system(by), at=now)), ensure_ascii=False))


def _work(start: Callable[..., Any], month: str, by: str) -> None:
    """Start a run and finish it here; exit code 3 when a bucket could not be done."""
    first, _ = month_days(month)
    now = ready()
    from mingdu.base import ledger

    run = _started(start, first, staff_or_system(by), now)
    done = ledger.finish_run(run, now)
    told = {"run": run, **vars(done), "results": ledger.results(run), "errors": ledger.errors(run)}
    typer.echo(json.dumps(told, ensure_ascii=False))
    if not done.is_done:
        raise typer.Exit(DIFFERENCE)


def _started(start: Callable[..., Any], month: date, by: Actor, at: datetime) -> int:
    return int(start(month, by=by, at=at).pk)
