"""Starts the demo and keeps it running: database, data, processes, month's end; SIGINT ends everything."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from mingdu.main import database
from mingdu.main.clock import set_demo_clock
from mingdu.main.environment import Environment
from mingdu.main.migrate import migrate

from .processes import Processes
from .waiting import until

DEMO_START = datetime.fromisoformat("2027-01-04T09:00:00+08:00")
READY_SECONDS = 90
LOOK_EVERY_SECONDS = 1.0
CUSTOMERS = {
    "home": {"phone": "13800000042", "account": "0530100042"},
    "shop": {"phone": "13800000101", "account": "0530100101"},
    "factory": {"phone": "13800000201", "account": "0530100201"},
}

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Running:
    """A running demo: where it is and who may sign in."""

    url: str
    passwords: dict[str, str]


@contextmanager
def running_demo(environment: Environment, tell: Tell) -> Iterator[Running]:
    """
    Bring everything up, give what is needed to use it, and stop every process at the end.

    raises  DependencyDown and its kin when a part does not come up
    """
    started_database = not database.status(environment).is_ready
    clock = set_demo_clock(environment, environment.demo_now or DEMO_START)
    migrate(environment)
    from .load import load_town
    from .people import make_staff

    passwords = make_staff(environment.data_folder, clock.now())
    town = load_town(environment, tell, clock.now())
    processes = Processes(environment.data_folder / "logs")
    try:
        _start_all(processes, town.points, town.seed)
        url = f"http://127.0.0.1:{environment.http_port}"
        until(lambda: _is_healthy(url, processes), "a healthy system", seconds=READY_SECONDS)
        running = Running(url, passwords)
        _write_demo_json(environment, running, processes)
        from .month_end import end_month
        from .payments import PEOPLE, pay_bills
        from .reading_cycle import read_month

        read_month(environment, running, tell)
        end_month(running, tell)
        pay_bills(running, [each for each in PEOPLE if each.point <= town.points], clock.now(), tell)
        yield running
    finally:
        processes.stop()
        (environment.data_folder / "demo.json").unlink(missing_ok=True)
        if started_database and environment.database_url is None:
            database.stop(environment)


def run_demo(environment: Environment, tell: Tell) -> None:
    """Run until SIGINT or SIGTERM."""
    told = threading.Event()
    with running_demo(environment, tell) as running:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: told.set())
        for login, password in running.passwords.items():
            tell(f"  {login:<9} {password}")
        for name, who in CUSTOMERS.items():
            tell(f"  {name:<9} {who['phone']} (account {who['account']})")
        tell("one-time codes of customers: console, outbox page, signed in as admin")
        tell(f"READY {running.url}/")
        parent = os.getppid()
        # Started by make, the demo ends with it even when only make was told to stop.
        while not told.wait(LOOK_EVERY_SECONDS) and os.getppid() == parent:
            pass


def _start_all(processes: Processes, points: int, seed: int) -> None:
    processes.start("headend", "headend")
    processes.start("worker", "worker")
    processes.start("serve", "serve")
    processes.start("town", "town", "run", "--points", str(points), "--seed", str(seed))


def _is_healthy(url: str, processes: Processes) -> bool:
    processes.refuse_ended()
    try:
        return httpx.get(f"{url}/health", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def _write_demo_json(environment: Environment, running: Running, processes: Processes) -> None:
    content: dict[str, Any] = {
        "urls": {
            "home": f"{running.url}/",
            "console": f"{running.url}/console/",
            "customer": f"{running.url}/m/",
            "api": f"{running.url}/api/v1/",
            "openapi": f"{running.url}/api/v1/openapi.json",
            "health": f"{running.url}/health",
            "headend": f"tcp://127.0.0.1:{environment.headend_port}",
        },
        "accounts": {
            "staff": [{"login": login, "password": word} for login, word in running.passwords.items()],
            "customers": CUSTOMERS,
        },
        "town": {"points": environment.town_points, "seed": environment.town_seed},
        "pids": {"demo": os.getpid(), **processes.pids},
    }
    path = environment.data_folder / "demo.json"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
