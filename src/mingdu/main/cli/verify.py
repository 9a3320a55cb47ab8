"""`mingdu verify`: recompute a bill from what it carries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from mingdu.core.bill_check import BillNotVerifiable, verify_bill

EXIT_DIFFERENCE = 3
BillFile = Annotated[typer.FileBinaryRead, typer.Argument(help="Bill as JSON, or - for standard input.")]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("verify")(verify)


def verify(bill: BillFile) -> None:
    """Recompute a bill by a second, plain way; exit code 3 at the first difference."""
    answer = verify_bill(_read_json(bill.read(), Path(getattr(bill, "name", "standard input")).name))
    typer.echo(json.dumps(answer, ensure_ascii=False))
    if not answer["ok"]:
        raise typer.Exit(EXIT_DIFFERENCE)


def _read_json(data: bytes, name: str) -> dict[str, object]:
    try:
        loaded: dict[str, object] = json.loads(data)
    except ValueError as error:
        raise BillNotVerifiable(f"{name} is not JSON: {error}", file=name) from None
    return loaded
