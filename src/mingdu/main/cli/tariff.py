"""`mingdu tariff`: check and show rule files of prices."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from mingdu.rulebook.rule_files import check_rule_file, rules_hash, tariff_on_file

RuleFilePath = Annotated[Path, typer.Argument(help="Tariff rule file.", exists=True, dir_okay=False)]
Day = Annotated[
    datetime | None,
    typer.Option(
        "--day", formats=["%Y-%m-%d"], help="Day whose season is shown; the first valid one if left out."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the group `tariff` to the command line."""
    group = typer.Typer(help="Tariff files: check, show.", no_args_is_help=True)
    group.command()(check)
    group.command()(show)
    app.add_typer(group, name="tariff")


def check(file: RuleFilePath) -> None:
    """Read every season of a tariff file; a mistake is printed with file and key."""
    rule_file = check_rule_file(file)
    answer = {"ok": True, "name": rule_file.name, "valid_from": rule_file.valid_from.isoformat()}
    typer.echo(json.dumps(answer, ensure_ascii=False))


def show(file: RuleFilePath, day: Day = None) -> None:
    """Show the tariff of a file as it holds on a day, with its hash."""
    document = tariff_on_file(check_rule_file(file), day.date() if day else None)
    answer = {"tariff": document, "rules_hash": rules_hash(document)}
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
