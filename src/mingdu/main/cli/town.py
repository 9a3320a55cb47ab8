"""`mingdu town`: build the simulated town, tell its truth, score findings against it."""

from __future__ import annotations

import asyncio
import csv
import json
import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from mingdu.errors import TradeError
from mingdu.main.clock import clock_of
from mingdu.main.environment import current_environment
from mingdu.town.files import write_town
from mingdu.town.model import Town
from mingdu.town.score import BadFinding, read_findings, score
from mingdu.town.terminals import run_terminals
from mingdu.town.truth import truth_of

Points = Annotated[int, typer.Option(help="How many usage points.", envvar="MINGDU_TOWN_POINTS")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same town.", envvar="MINGDU_TOWN_SEED")]
Out = Annotated[Path, typer.Option(help="Folder to write to.")]
Findings = Annotated[
    Path, typer.Option(help="JSON list or CSV: usage_point, rule, day, first_interval, latest_interval.")
]


class NoSuchFile(TradeError):
    """The file does not exist."""

    next_step = "give the path of an existing file"


def register(app: typer.Typer) -> None:
    """Add the group `town` to the command line."""
    group = typer.Typer(help="The simulated town: build, truth, score, run.", no_args_is_help=True)
    group.command("build")(build)
    group.command("truth")(truth)
    group.command("score")(score_findings)
    group.command("run")(run)
    app.add_typer(group, name="town")


def build(points: Points = 600, seed: Seed = 1, out: Out = Path("town")) -> None:
    """Write the town's register, history and truth to a folder."""
    written = write_town(Town(seed, points), out)
    size = sum(path.stat().st_size for path in written)
    typer.echo(f"files={len(written)} bytes={size} folder={out}")


def truth(points: Points = 600, seed: Seed = 1) -> None:
    """Print what was really used and what was planted, as JSON."""
    typer.echo(json.dumps(truth_of(Town(seed, points)), ensure_ascii=False, indent=1))


def run(points: Points = 600, seed: Seed = 1) -> None:
    """Let the town's terminals dial the head end, in the clock of this data folder, until told to stop."""
    environment = current_environment()
    clock = clock_of(environment)
    asyncio.run(_run_until_told(Town(seed, points), environment.headend_port, clock.now))


async def _run_until_told(town: Town, port: int, clock: Callable[[], datetime]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run_terminals(town, "127.0.0.1", port, clock, stop)


def score_findings(findings: Findings, points: Points = 600, seed: Seed = 1) -> None:
    """Print recall and false alarms of a findings file, kind by kind, as JSON."""
    town = Town(seed, points)
    scores = score(read_findings(_rows(findings)), truth_of(town), town.points * town.span.days)
    typer.echo(json.dumps([each.as_json() for each in scores], ensure_ascii=False, indent=1))


def _rows(path: Path) -> list[dict[str, Any]]:
    """
    Read a JSON list or a CSV with a header.

    raises  NoSuchFile, BadFinding: not JSON, or not a list
    """
    if not path.is_file():
        raise NoSuchFile(f"{path} is not a file", path=f"{path}")
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix.lower() == ".csv":
        return list(csv.DictReader(text.splitlines()))
    try:
        rows = json.loads(text)
    except json.JSONDecodeError as cause:
        raise BadFinding(f"{path} is not JSON: {cause}", path=f"{path}") from cause
    if not isinstance(rows, list):
        raise BadFinding(f"{path} holds no list of findings", path=f"{path}")
    return rows
