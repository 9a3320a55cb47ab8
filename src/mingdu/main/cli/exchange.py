"""`mingdu mapping` and `mingdu aliases`: what imports of other houses' files remember."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .staff import staff_or_system
from .starting import ready

File = Annotated[Path, typer.Argument(help="A CSV or xlsx table, or a mapping as `guess` prints it.")]
Name = Annotated[str, typer.Argument(help="Name of the mapping.")]
Points = Annotated[Path, typer.Argument(help="CSV file number,usage_point.")]
Kind = Annotated[str, typer.Option(help="nmi, mrid, location or account.")]
By = Annotated[str, typer.Option(help="Login of who does it; empty: the system itself.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    mapping = typer.Typer(help="How the columns of a sender's tables are read.", no_args_is_help=True)
    mapping.command("guess")(guess)
    mapping.command("save")(save)
    mapping.command("retire")(retire)
    app.add_typer(mapping, name="mapping")
    app.command("aliases")(aliases)


def guess(file: File) -> None:
    """Print how a table would be read, and how sure that is; nothing is stored."""
    from mingdu.metering.imports.exchange.tables import guess_table

    mapping, _, score = guess_table(file)
    typer.echo(json.dumps({"score": score, "mapping": mapping.as_json()}, ensure_ascii=False, indent=1))


def save(name: Name, file: File, by: By = "") -> None:
    """Remember a mapping, as `guess` printed it and a person corrected it."""
    from mingdu.metering.operations import save_mapping
    from mingdu.wire.exchange.table.mapping import BadMapping, from_json

    try:
        stored = json.loads(file.read_text("utf-8"))["mapping"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadMapping(f"{file.name} holds no mapping: {error}", file=file.name) from error
    now = ready()
    number = save_mapping(name, from_json(stored), by=staff_or_system(by), at=now)
    typer.echo(json.dumps({"mapping": name, "number": number}, ensure_ascii=False))


def retire(name: Name, by: By = "") -> None:
    """Take a mapping out of use."""
    now = ready()
    from mingdu.metering.operations import retire_mapping

    retire_mapping(name, by=staff_or_system(by), at=now)
    typer.echo(json.dumps({"retired": name}, ensure_ascii=False))


def aliases(file: Points, kind: Kind, by: By = "") -> None:
    """Register foreign numbers of usage points."""
    from mingdu.metering.imports.exchange.names import read_points_file

    numbers = read_points_file(file)
    now = ready()
    from mingdu.metering.operations import register_aliases

    new = register_aliases(kind, numbers, by=staff_or_system(by), at=now)
    typer.echo(json.dumps({"numbers": len(numbers), "new": new}))
