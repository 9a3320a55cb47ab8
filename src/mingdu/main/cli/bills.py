"""`mingdu run bills …`: rehearse, approve, issue and look at bill runs."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from mingdu.errors import TradeError
from mingdu.main import database
from mingdu.main.clock import clock_of
from mingdu.main.environment import Environment, current_environment
from mingdu.main.startup import start_django

from .staff import staff_of_login

Period = Annotated[str, typer.Option(help="month, such as 2026-12")]
By = Annotated[str, typer.Option(help="login of who does it")]
RunId = Annotated[int, typer.Option("--run", help="number of the run; 0 takes the latest of the period")]


class NoRunYet(TradeError):
    """The period has no bill run."""

    next_step = "rehearse first: mingdu run bills rehearse --period …"


def register(app: typer.Typer) -> None:
    """Add the group `run` with its group `bills`."""
    run, bills = typer.Typer(help="Mass work.", no_args_is_help=True), typer.Typer(no_args_is_help=True)
    for command in (rehearse, approve, issue, status):
        bills.command()(command)
    run.add_typer(bills, name="bills", help="Bill runs: rehearse, approve, issue, status.")
    app.add_typer(run, name="run")


def rehearse(period: Period, by: By = "clerk", book: str = "") -> None:
    """Make the bills of a month as a rehearsal, with every check, and print what they come to."""
    environment = _ready()
    from mingdu.base import ledger
    from mingdu.billing import operations

    clock = clock_of(environment)
    made = operations.rehearse(period, book, by=staff_of_login(by), at=clock.now())
    ledger.finish_run(made.ledger_run_id, clock.now())
    _print_run(made.pk, by)


def approve(period: Period, by: By, run: RunId = 0) -> None:
    """Approve the rehearsed run of a month; not by who proposed it."""
    environment = _ready()
    from mingdu.billing import operations

    number = run or _latest(period, by)
    operations.approve_run(number, by=staff_of_login(by), at=clock_of(environment).now())
    _print_run(number, by)


def issue(period: Period, by: By = "clerk", run: RunId = 0) -> None:
    """Issue the approved run of a month, bucket by bucket."""
    environment = _ready()
    from mingdu.base import ledger
    from mingdu.billing import operations

    clock, number = clock_of(environment), run or _latest(period, by)
    ledger.finish_run(operations.issue_run(number, by=staff_of_login(by), at=clock.now()), clock.now())
    _print_run(number, by)


def status(period: Period, by: By = "clerk") -> None:
    """Print the runs of a month."""
    _ready()
    from mingdu.billing.queries import runs

    typer.echo(
        json.dumps([vars(view) for view in runs(staff_of_login(by), period=period)], ensure_ascii=False)
    )


def _ready() -> Environment:
    environment = current_environment()
    database.start(environment)
    start_django()
    return environment


def _latest(period: str, by: str) -> int:
    from mingdu.billing.queries import runs

    found = runs(staff_of_login(by), period=period)
    if not found:
        raise NoRunYet(f"no bill run of {period}", period=period)
    return found[0].id


def _print_run(number: int, by: str) -> None:
    from mingdu.billing.queries import run_status

    typer.echo(json.dumps(vars(run_status(staff_of_login(by), number)), ensure_ascii=False))
