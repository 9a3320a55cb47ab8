"""Real servers in short folders."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from main.database.host import CASES, Host, host_of
from mingdu.main.database import Server, start, stop
from mingdu.main.database.places import Places, places_of
from mingdu.main.environment import Environment


@pytest.fixture(params=CASES, scope="module")
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    folder = Path(tempfile.mkdtemp(prefix="mgd", dir="/tmp"))
    folder.chmod(0o755)
    made = host_of(request.param, folder)
    try:
        yield made
        made.stop_all()
    finally:
        made.executor.shutdown()
        shutil.rmtree(folder)


@pytest.fixture
def environment(host: Host) -> Environment:
    """One data folder for the tests of a module: making a cluster takes most of a second."""
    return host.environment("data")


@pytest.fixture
def server(host: Host, environment: Environment) -> Server:
    """A running server, whatever the test before left behind."""
    return host.call(start, environment)


@pytest.fixture
def places(host: Host, environment: Environment) -> Places:
    return host.call(places_of, environment)


@pytest.fixture
def fresh(host: Host, request: pytest.FixtureRequest) -> Iterator[Environment]:
    """A data folder that does not exist yet, and whose server is stopped after the test."""
    made = host.environment(f"fresh-{len(host.environments)}")
    yield made
    host.call(stop, made)
