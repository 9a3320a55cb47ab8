"""`mingdu bill`: one bill from one file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from mingdu.core.bill import explain_bill
from mingdu.rulebook.bill_case import make_bill
from mingdu.rulebook.document import read_yaml

CaseFile = Annotated[typer.FileBinaryRead, typer.Argument(help="Bill case as YAML, or - for standard input.")]
Explain = Annotated[bool, typer.Option("--explain", help="Add the calculation line by line as `explain`.")]
Rules = Annotated[Path | None, typer.Option("--rules", help="Folder rules/ for a tariff given by name.")]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("bill")(bill)


def bill(case: CaseFile, explain: Explain = False, rules: Rules = None) -> None:
    """Make the bill of one case and print it as JSON."""
    node = read_yaml(case.read(), Path(getattr(case, "name", "standard input")).name)
    made = make_bill(node.value, rules, node.file)
    if explain:
        made["explain"] = explain_bill(made)
    typer.echo(json.dumps(made, ensure_ascii=False, indent=2))
