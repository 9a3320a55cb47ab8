"""The demo as a person runs it: ready, checked, checked again, stopped, started again where it was."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import psutil
import pytest

from journeys.demo_system import DemoSystem, demo_system

pytestmark = pytest.mark.database

# The smallest town that has home 42, shop 101 and the factory 201.
POINTS = 201
STEPS = [f"STEP {number} OK" for number in range(2, 10)]


@pytest.fixture(scope="module")
def system() -> Iterator[DemoSystem]:
    """One data folder for all tests of this module, in their order."""
    with demo_system(POINTS) as made:
        yield made


def test_starts_checks_twice_stops_and_goes_on(system: DemoSystem) -> None:
    process, printed = system.start()
    _tells_who_may_sign_in(system, printed)
    for _ in ("the question is asked and fixed", "everything is found done"):
        check = system.run("demo", "--check")
        lines = check.stdout.splitlines()
        assert check.returncode == 0, check.stdout + check.stderr + system.logs()
        assert [line[: len(step)] for line, step in zip(lines, STEPS, strict=False)] == STEPS
        assert lines[-1] == "CHECK OK"
    pids = list(system.demo_json["pids"].values())
    health = httpx.get(system.demo_json["urls"]["health"])
    assert (health.status_code, health.json()["status"]) == (200, "ok")
    assert system.interrupt(process) == 0
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert not (system.data / "demo.json").exists()

    process, _ = system.start()
    again = system.run("demo", "--check", "--json")
    assert again.returncode == 0 and '{"check": "ok"}' in again.stdout
    assert system.interrupt(process) == 0


def _tells_who_may_sign_in(system: DemoSystem, printed: str) -> None:
    demo = system.demo_json
    assert f"READY {demo['urls']['home']}" in printed
    for person in demo["accounts"]["staff"]:
        assert person["login"] in printed and person["password"] in printed
    assert demo["accounts"]["customers"]["home"]["account"] == "0530100042"
