"""`mingdu import`, `mingdu close-days` and `mingdu export readings`."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from mingdu.base.actors import Actor
from mingdu.core.clock import INTERVALS, BadInterval
from mingdu.errors import TradeError
from mingdu.main.clock import clock_of
from mingdu.main.environment import current_environment
from mingdu.main.migrate import migrate
from mingdu.main.registry import load_registry, read_registry
from mingdu.main.registry_parts import register_parts

from .staff import staff_or_system
from .town_clock import clock_for
from .whole_file import whole_file

REGISTRY = "registry"
EXIT_BAD_ROWS = 1
_INTERVAL = re.compile(r"([0-9]{1,2})(?:/([23]))?")

File = Annotated[Path, typer.Argument(help="File of readings, or registry.json.")]
Format = Annotated[str | None, typer.Option("--format", help="long, curves, registers or registry.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Report and write nothing.")]
Report = Annotated[Path | None, typer.Option("--report", help="Write the report as JSON to this file.")]
By = Annotated[str, typer.Option(help="Login of who does it; empty: the system itself.")]
First = Annotated[str, typer.Option("--from", help="First day, such as 2026-12-01.")]
Last = Annotated[str, typer.Option("--to", help="Last day, included.")]
Period = Annotated[str, typer.Option(help="Month, such as 2026-12.")]
Interval = Annotated[
    str, typer.Option(help="Minutes of an interval of the curves; with decimals of kWh behind a slash: 30/3.")
]
Out = Annotated[Path, typer.Option(help="File to write.")]


class NoSuchFile(TradeError):
    """The file does not exist."""

    next_step = "give the path of an existing file"


class BadDay(TradeError):
    """A day or month that is none."""

    next_step = "write 2026-12-01 for a day, 2026-12 for a month"


class NoDryRun(TradeError):
    """A registry is taken whole or not at all; there is nothing to report line by line."""

    next_step = "import it without --dry-run: the same registry again changes nothing"


def register(app: typer.Typer) -> None:
    """Add the commands to the command line; the group `export` is shared with other modules."""
    app.command("import")(import_)
    app.command("close-days")(close_days)
    export_group(app).command("readings")(export_readings)
    register_parts()


def export_group(app: typer.Typer) -> typer.Typer:
    """Return the group `export`, made by whichever module asks first."""
    for known in app.registered_groups:
        if known.name == "export" and known.typer_instance is not None:
            return known.typer_instance
    group = typer.Typer(help="Write what is stored to a file.", no_args_is_help=True)
    app.add_typer(group, name="export")
    return group


def import_(
    file: File,
    form: Format = None,
    dry_run: DryRun = False,
    report: Report = None,
    by: By = "",
    interval: Interval = "15",
) -> None:
    """Import readings or a registry; exit code 1 when a line could not be taken, all others stand."""
    if not file.is_file():
        raise NoSuchFile(f"{file} is not a file", path=str(file))
    now = ready()
    if form == REGISTRY or (form is None and file.suffix.lower() == ".json"):
        if dry_run:
            raise NoDryRun(f"{file.name} is a registry", file=file.name)
        outcome = _registry_report(file, staff_or_system(by))
    else:
        kept = _kept(interval)
        outcome = _import_readings(file, form, kept, dry_run=dry_run, by=staff_or_system(by), now=now)
    text = json.dumps(outcome, ensure_ascii=False)
    if report is None:
        typer.echo(text)
    else:
        report.write_text(text + "\n", "utf-8")
        bad = len(outcome["bad"])
        typer.echo(
            " ".join(f"{name}={outcome[name]}" for name in ("rows", "accepted", "same")) + f" bad={bad}"
        )
    if outcome["bad"]:
        raise typer.Exit(EXIT_BAD_ROWS)


def close_days(first: First, last: Last, by: By = "") -> None:
    """Close days for all usage points and print what was done, bucket by bucket."""
    first_day, last_day = _day(first), _day(last)
    now = ready()
    from mingdu.base import ledger
    from mingdu.metering import operations

    run = operations.close_days(first_day, last_day, by=staff_or_system(by), at=now)
    done = ledger.finish_run(run.pk, now)
    typer.echo(json.dumps({"run": run.pk, **vars(done), "results": ledger.results(run.pk)}))


def export_readings(period: Period, out: Out, by: By = "", interval: Interval = "15") -> None:
    """Write the readings of a month in the long form of `mingdu import`, curves of one interval."""
    first_day, end_day = _month(period)
    ready()
    from mingdu.metering.queries import export_lines

    lines = 0
    with whole_file(out) as opened:
        for line in export_lines(staff_or_system(by), first_day, end_day, _kept(interval)[0]):
            opened.write(line + "\n")
            lines += 1
    typer.echo(f"rows={lines - 1} file={out}")


def ready() -> datetime:
    """Start the database, bring the tables up to date and return the present instant."""
    environment = current_environment()
    migrate(environment)
    return clock_of(environment).now()


def _kept(interval: str) -> tuple[int, int]:
    found = _INTERVAL.fullmatch(interval)
    minutes, decimals = (int(found[1]), int(found[2] or 2)) if found else (0, 0)
    if minutes not in INTERVALS:
        raise BadInterval(f"{interval!r} is no interval", interval=interval)
    return minutes, decimals


def _import_readings(
    file: Path, form: str | None, kept: tuple[int, int], *, dry_run: bool, by: Actor, now: datetime
) -> dict[str, Any]:
    from mingdu.metering.operations import Form, Kept, UnknownFormat, import_file

    if form is not None and form not in list(Form):
        raise UnknownFormat(f"no form {form}; known are {', '.join(Form)}, registry", form=form)
    chosen = None if form is None else Form(form)
    return import_file(file, form=chosen, kept=Kept(*kept), dry_run=dry_run, by=by, at=now).as_json()


def _registry_report(file: Path, by: Actor) -> dict[str, Any]:
    """Hand the registry to all loaders; rows are its usage points, accepted those that are new."""
    from django.conf import settings

    from mingdu.base.database import reading_connection
    from mingdu.metering.queries import points

    registry, environment = read_registry(file), current_environment()
    before = len(points(reading_connection()).ids)
    clock = clock_of(environment) if before else clock_for(environment, registry, settings.ZONE)
    loaded = load_registry(registry, by, clock.now())
    rows = len(registry["usage_points"])
    new = len(points(reading_connection()).ids) - before
    return {"rows": rows, "accepted": new, "same": rows - new, "conflicts": 0, "bad": [], "loaded": loaded}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadDay(f"{text!r} is no day", value=text) from None


def _month(text: str) -> tuple[date, date]:
    """Return the first day of a month and of the next."""
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text)
    if found is None:
        raise BadDay(f"{text!r} is no month", value=text)
    year, month = int(found[1]), int(found[2])
    return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)
