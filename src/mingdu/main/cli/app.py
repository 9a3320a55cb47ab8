"""Puts the commands together and prints expected failures as one JSON object with their exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module

import typer

from mingdu.errors import TradeError

COMMANDS = (
    "db",
    "decode",
    "bill",
    "verify",
    "tariff",
    "town",
    "readings",
    "exports",
    "headend",
    "bills",
    "processes",
    "people",
    "demo",
    "backup",
    "sealing",
    "changes",
)

EXIT_NAMED_ERROR = 1


def build() -> typer.Typer:
    """Return the command line with every command registered by its own module."""
    app = typer.Typer(
        name="mingdu", help="Mingdu (明度): meter reading, settlement and charging.",
        no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    )  # fmt: skip
    for name in COMMANDS:
        import_module(f"mingdu.main.cli.{name}").register(app)
    return app


def run(command: Callable[[], object]) -> int:
    """Run a command; print a named error on stderr and return its exit code."""
    try:
        command()
    except TradeError as error:
        print(json.dumps({"error": error.as_json()}, ensure_ascii=False, default=str), file=sys.stderr)
        return int(getattr(error, "exit_code", EXIT_NAMED_ERROR))
    return 0


def main() -> None:
    """Entry point of `mingdu`."""
    sys.exit(run(build()))
