"""`mingdu verify`: recompute a bill from what it carries."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from mingdu.core.bill_check import BillNotVerifiable, verify_bill

EXIT_DIFFERENCE = 3
BillFile = Annotated[
    Path,
    typer.Argument(
        help="Bill as JSON, or - for standard input.", exists=True, dir_okay=False, allow_dash=True
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("verify")(verify)


def verify(bill: BillFile) -> None:
    """Recompute a bill by a second, plain way; exit code 3 at the first difference."""
    answer = verify_bill(_read_json(bill))
    typer.echo(json.dumps(answer, ensure_ascii=False))
    if not answer["ok"]:
        raise typer.Exit(EXIT_DIFFERENCE)


def _read_json(path: Path) -> dict[str, object]:
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text("utf-8")
        loaded: dict[str, object] = json.loads(text)
    except ValueError as error:
        raise BillNotVerifiable(f"{path.name} is not JSON: {error}", file=path.name) from None
    return loaded
