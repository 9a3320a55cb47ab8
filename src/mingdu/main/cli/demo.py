"""`mingdu demo`: the whole system with a town's data; `--check` proves the thread over HTTP and sockets."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated

import typer

from mingdu.main.environment import Environment, current_environment
from mingdu.main.startup import start_django

Check = Annotated[
    bool, typer.Option("--check", help="Prove the thread step by step; exit 3 on a difference.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a step.")]
Points = Annotated[int, typer.Option(help="Usage points of the town; 0 takes MINGDU_TOWN_POINTS.")]

DIFFERENCE = 3


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(check: Check = False, as_json: AsJson = False, points: Points = 0) -> None:
    """Run the demo until SIGINT, or check it and end."""
    environment = current_environment()
    if points:
        environment = replace(environment, town_points=points)
    if check:
        raise typer.Exit(0 if _check(environment, as_json) else DIFFERENCE)
    from mingdu.main.demo.run import run_demo

    run_demo(environment, typer.echo)


def _check(environment: Environment, as_json: bool) -> bool:
    """Use the demo that runs on this data folder, or bring one up for the check."""
    start_django()
    from mingdu.main.demo.check import check_thread
    from mingdu.main.demo.run import Running, running_demo

    kept = environment.data_folder / "demo.json"

    def tell(line: str) -> None:
        typer.echo(line, err=True)

    if kept.exists():
        found = json.loads(kept.read_text())
        passwords = {person["login"]: person["password"] for person in found["accounts"]["staff"]}
        running = Running(found["urls"]["home"].rstrip("/"), passwords)
        # What runs decides, not the surroundings of whoever checks it.
        running_there = replace(
            environment,
            headend_port=int(found["urls"]["headend"].rpartition(":")[2]),
            town_points=found["town"]["points"],
            town_seed=found["town"]["seed"],
        )
        return check_thread(running_there, running, as_json)
    with running_demo(environment, tell) as running:
        return check_thread(environment, running, as_json)
