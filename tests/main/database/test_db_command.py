"""`mingdu db` as a person types it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import typer
from typer.testing import CliRunner, Result

from main.database.host import GIVEN_PG_BIN
from mingdu.main.cli.db import register
from mingdu.main.database import DatabaseDown
from mingdu.main.database.launcher import NoDatabaseYet

pytestmark = pytest.mark.database


class Terminal:
    """A command line of this checkout with a data folder of its own."""

    def __init__(self, data_folder: Path) -> None:
        self.app = typer.Typer()
        register(self.app)
        # The group would become the whole program if it were the only command.
        self.app.command("other")(lambda: None)
        self.variables = {
            "MINGDU_DATA": str(data_folder),
            "MINGDU_PG_BIN": GIVEN_PG_BIN,
            "DATABASE_URL": None,
        }

    def type(self, line: str) -> Result:
        return CliRunner().invoke(self.app, line.split(), env=self.variables)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    folder = Path(tempfile.mkdtemp(prefix="mgd", dir="/tmp"))
    folder.chmod(0o755)
    made = Terminal(folder / "data")
    yield made
    made.type("db stop")
    shutil.rmtree(folder)


def test_starts_looks_and_stops(terminal: Terminal) -> None:
    started = terminal.type("db start")
    assert started.output.startswith("running pid=")
    assert terminal.type("db status").output.startswith("ready pid=")
    with psycopg.connect(terminal.type("db url").output.strip()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert terminal.type("db stop").output == "stopped\n"
    assert terminal.type("db stop").output == "was not running\n"


def test_ends_with_the_named_error_when_nothing_runs(terminal: Terminal) -> None:
    looked = terminal.type("db status")
    assert isinstance(looked.exception, DatabaseDown)
    assert looked.exception.exit_code == 4
    assert looked.exception.next == "start it: mingdu db start"
    assert isinstance(terminal.type("db url").exception, NoDatabaseYet)


if GIVEN_PG_BIN is None:

    def test_says_that_no_upgrade_is_needed(terminal: Terminal) -> None:
        terminal.type("db start")
        assert terminal.type("db upgrade").output == "already at the current version\n"
