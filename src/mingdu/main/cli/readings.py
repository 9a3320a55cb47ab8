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
from mingdu.main.registry import load_registry, read_registry
from mingdu.main.registry_parts import register_parts

from .exchange import register as register_exchange
from .import_options import ImportOptions, how_told, with_options
from .staff import staff_or_system
from .starting import ready
from .town_clock import clock_for
from .whole_file import whole_file

REGISTRY, LONG = "registry", "long"
EXPORTED = ("nem12", "green-button", "iec61968")
USUAL = "15"
EXIT_BAD_ROWS = 1
_INTERVAL = re.compile(r"([0-9]{1,2})(?:/([23]))?")

File = Annotated[Path, typer.Argument(help="File of readings, or registry.json.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Report and write nothing.")]
Report = Annotated[Path | None, typer.Option("--report", help="Write the report as JSON to this file.")]
By = Annotated[str, typer.Option(help="Login of who does it; empty: the system itself.")]
First = Annotated[str, typer.Option("--from", help="First day, such as 2026-12-01.")]
Last = Annotated[str, typer.Option("--to", help="Last day, included.")]
Period = Annotated[str, typer.Option(help="Month, such as 2026-12.")]
ExportInterval = Annotated[
    str, typer.Option("--interval", help="Only curves of so many minutes; the long form has one: 15.")
]
ExportFormat = Annotated[str, typer.Option("--format", help="long, nem12, green-button or iec61968.")]
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
    app.command("import")(with_options(import_))
    app.command("close-days")(close_days)
    export_group(app).command("readings")(export_readings)
    register_exchange(app)
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
    dry_run: DryRun = False,
    report: Report = None,
    by: By = "",
    *,
    options: ImportOptions,
) -> None:
    """Import readings or a registry; exit code 1 when a line could not be taken, all others stand."""
    if not file.is_file():
        raise NoSuchFile(f"{file} is not a file", path=str(file))
    now = ready()
    if options.format == REGISTRY or (not options.format and file.suffix.lower() == ".json"):
        if dry_run:
            raise NoDryRun(f"{file.name} is a registry", file=file.name)
        outcome = _registry_report(file, staff_or_system(by))
    else:
        outcome = _import_readings(file, options, dry_run=dry_run, by=staff_or_system(by), now=now)
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


def export_readings(
    period: Period, out: Out, by: By = "", interval: ExportInterval = "", form: ExportFormat = LONG
) -> None:
    """Write the readings of a month; what was exported comes in again as the same."""
    first_day, end_day = month_days(period)
    now = ready()
    from mingdu.metering.operations import ExchangeFormat, UnknownFormat
    from mingdu.metering.queries import Export, export_exchange, export_lines

    actor = staff_or_system(by)
    if form == LONG:
        with whole_file(out) as opened:
            lines = 0
            for line in export_lines(actor, first_day, end_day, _kept(interval or USUAL)[0]):
                opened.write(line + "\n")
                lines += 1
        typer.echo(f"rows={lines - 1} file={out}")
        return
    if form not in EXPORTED:
        raise UnknownFormat(f"no export as {form}; known are {LONG}, {', '.join(EXPORTED)}", form=form)
    minutes = _kept(interval)[0] if interval else None
    export = Export(ExchangeFormat(form), first_day, end_day, minutes)
    with whole_file(out) as opened:
        for piece in export_exchange(actor, export, now):
            opened.write(piece.decode())
    written = export.written
    typer.echo(f"values={written.values - written.left_out} left_out={written.left_out} file={out}")


def _kept(interval: str) -> tuple[int, int]:
    found = _INTERVAL.fullmatch(interval)
    minutes, decimals = (int(found[1]), int(found[2] or 2)) if found else (0, 0)
    if minutes not in INTERVALS:
        raise BadInterval(f"{interval!r} is no interval", interval=interval)
    return minutes, decimals


def _import_readings(
    file: Path, options: ImportOptions, *, dry_run: bool, by: Actor, now: datetime
) -> dict[str, Any]:
    from mingdu.metering.operations import (
        ExchangeFormat,
        Form,
        Kept,
        UnknownFormat,
        import_exchange,
        import_file,
        told_format,
    )

    form, formats = options.format, [*Form, *ExchangeFormat]
    if form and form not in formats:
        raise UnknownFormat(f"no form {form}; known are {', '.join(formats)}, registry", form=form)
    kept, told = _kept(options.interval), form or told_format(file)
    if told in list(ExchangeFormat):
        # Whole watt-hours, where nothing else is said: no file of another house then loses a digit.
        exact = kept if "/" in options.interval else (kept[0], 3)
        how = how_told(ExchangeFormat(told), exact, options, by, now)
        return import_exchange(file, how, dry_run=dry_run, by=by, at=now).as_json()
    chosen = Form(form) if form else None
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


def month_days(text: str) -> tuple[date, date]:
    """Return the first day of a month and of the next."""
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text)
    if found is None:
        raise BadDay(f"{text!r} is no month", value=text)
    year, month = int(found[1]), int(found[2])
    return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)
