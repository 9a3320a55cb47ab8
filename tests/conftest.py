"""What all tests share: Django loaded once, a real database of one's own for each test that asks."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

# Short, because a server's socket path must stay short; outside the checkout, because root's server runs as
# another user.
_DATA = Path(
    tempfile.mkdtemp(
        prefix="mgt",
        dir="/var/lib/mingdu" if Path("/var/lib/mingdu").is_dir() and os.geteuid() == 0 else None,
    )
)
_numbers = itertools.count(1)


def pytest_configure() -> None:
    """Load Django with a data folder of this session; nothing is started yet."""
    os.environ["MINGDU_DATA"] = str(_DATA)
    os.environ["MINGDU_SECRET_KEY"] = "a key for tests, long enough to be taken"
    for name in ("DATABASE_URL", "MINGDU_BACKUP", "MINGDU_DEMO_NOW"):
        os.environ.pop(name, None)
    _DATA.chmod(0o711)
    from mingdu.main.startup import start_django

    start_django()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a browser its journeys are left out, which is said; for root and CI it must be there."""
    journeys = [item for item in items if item.get_closest_marker("browser")]
    if not journeys or shutil.which("chromium") or os.environ.get("CI") or os.geteuid() == 0:
        return
    config.hook.pytest_deselected(items=journeys)
    items[:] = [item for item in items if item not in journeys]
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        how = "apt-get install chromium fonts-noto-cjk"
        reporter.write_line(f"{len(journeys)} browser journeys are left out: {how}")


def pytest_unconfigure() -> None:
    """Remove the session's data folder."""
    shutil.rmtree(_DATA, ignore_errors=True)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A running server whose database `mingdu` is migrated and serves as template."""
    from django.db import connection

    from mingdu.main import database
    from mingdu.main.environment import current_environment
    from mingdu.main.migrate import migrate

    environment = current_environment()
    url = database.start(environment).url
    try:
        _point_django_at(url)
        migrate(environment)
        connection.close()
        yield url
    finally:
        connection.close()
        database.stop(environment)


@pytest.fixture
def database(server_url: str) -> Iterator[str]:
    """A fresh database for one test; Django points at it. Gives its libpq URL."""
    yield from _fresh(server_url)


@pytest.fixture(scope="module")
def module_database(server_url: str) -> Iterator[str]:
    """A fresh database shared by the tests of one module, in their order."""
    yield from _fresh(server_url)


@pytest.fixture
def now() -> datetime:
    """The instant at which tests act: demo time's start."""
    return datetime(2027, 1, 4, 1, 0, tzinfo=UTC)


def _fresh(server_url: str) -> Iterator[str]:
    from django.db import connection

    name = f"test_{next(_numbers)}"
    connection.close()
    with psycopg.connect(server_url, autocommit=True) as control:
        control.execute(f"CREATE DATABASE {name} TEMPLATE mingdu STRATEGY file_copy")
    url = server_url.replace("@/mingdu?", f"@/{name}?")
    # A test's database may stand inside its module's: afterwards Django goes back to that one.
    before = dict(connection.settings_dict)
    _point_django_at(url)
    yield url
    connection.close()
    _drop(server_url, name)
    connection.settings_dict.update(before)


def _drop(server_url: str, name: str) -> None:
    """Drop a database; the server's own vacuum, which nobody may end, is waited for."""
    with psycopg.connect(server_url, autocommit=True) as control:
        for _ in range(50):
            with suppress(psycopg.errors.InsufficientPrivilege):
                control.execute(f"DROP DATABASE {name} WITH (FORCE)")
                return
            control.execute("SELECT pg_sleep(0.1)")
    raise AssertionError(f"{name} could not be dropped: the server still works on it")


def _point_django_at(url: str) -> None:
    from django.db import connection

    parts = psycopg.conninfo.conninfo_to_dict(url)
    connection.close()
    connection.settings_dict.update(
        NAME=parts["dbname"], USER=parts["user"], PASSWORD=parts["password"],
        HOST=parts["host"], PORT=str(parts["port"]),
    )  # fmt: skip
