"""Real servers and real backups in short folders."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from main.backup.yard import Yard
from mingdu.main.database import start
from mingdu.main.environment import Environment


@pytest.fixture(scope="module", autouse=True)
def own_programs() -> Iterator[None]:
    """The yard's cluster is of the wheel's programs, whatever the other tests run with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MINGDU_PG_BIN", raising=False)
        yield


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="mgb", dir="/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def yard(folder: Path) -> Iterator[Yard]:
    """A data folder with a running server and one row, for the tests of a module in their order."""
    checkout = folder / "checkout"
    (checkout / "rules").mkdir(parents=True, exist_ok=True)
    (checkout / "rules" / "prices.yaml").write_text("schema: mingdu/prices/1\n")
    environment = Environment(
        checkout=checkout, data_folder=folder / "data", backup_folder=folder / "backups"
    )
    start(environment)
    made = Yard(environment)
    made.write(1)
    yield made
    made.stop()
