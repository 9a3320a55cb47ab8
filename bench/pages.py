"""
A customer's pages as served: weight of the first view, and pages a second of one core.

    python -m bench pages

Ours is `mingdu serve` with a billed town; the peer is a bare Django site under the same server, which looks
the session up in the same database and renders one line. Both are asked over one kept connection. Speed is
counted in the server's own processor time, so that neither the asking side nor a busy machine is in it. Every
answer is asserted to show what the first one showed.
"""

from __future__ import annotations

import os
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Final

import httpx
import psutil
from django.conf import settings

from bench.own_database import own_database

POINTS: Final = 201
PAGES: Final = 300
RUNS: Final = 3
ACCOUNT: Final = "0530100042"
MONTH: Final = "2026-12"
NOW: Final = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
FIGURES: Final = re.compile(r"\d+\.\d\d")
ASSETS: Final = re.compile(r'(?:href|src)="(/static/[^"#]+)')
KILO: Final = 1024


def main(points: int = POINTS, pages: int = PAGES, runs: int = RUNS) -> None:
    """Measure, assert equal pages and print medians and their ratio."""
    with own_database():
        cookie = {"sessionid": build(points)}
        with served("bench.bare_site", cookie) as bare, served("mingdu.main.cli", cookie) as ours:
            weigh(ours.client)
            report(measure(bare, ours, pages, runs), pages)


def measure(bare: Site, ours: Site, pages: int, runs: int) -> dict[str, list[float]]:
    """Return the processor seconds a page [s], each run of each page."""
    places = {
        "bare Django, one line": (bare, "/"),
        "inbox": (ours, "/m/inbox/"),
        "bills": (ours, "/m/bills/"),
        "home": (ours, "/m/"),
    }
    taken: dict[str, list[float]] = {name: [] for name in places}
    for _, (name, (site, path)) in product(range(runs), places.items()):
        taken[name].append(site.seconds_a_page(path, pages))
    return taken


def report(taken: dict[str, list[float]], pages: int) -> None:
    """Print the median of each and how it compares with the first."""
    medians = {name: statistics.median(each) for name, each in taken.items()}
    base = next(iter(medians.values()))
    print(f"signed-in pages, processor time of the server, medians of {pages} pages, equal figures asserted")
    for name, each in medians.items():
        rate = f"{1 / each:9,.0f} pages/s a core"
        print(f"  {name:<24} {each * 1000:7.2f} ms {rate} {each / base:6.2f} x the time")


def weigh(client: httpx.Client) -> None:
    """Print what the first view transfers: the page, its style, its scripts, its icons, as sent."""
    page = client.get("/m/")
    assert page.status_code == 200
    sent = {"page": int(page.headers["Content-Length"])}
    for address in dict.fromkeys(ASSETS.findall(page.text)):
        name = address.rpartition("/")[2].partition("?")[0]
        sent[name] = int(client.get(address).headers["Content-Length"])
    whole = sum(sent.values())
    parts = ", ".join(f"{name} {size / KILO:.1f}" for name, size in sent.items())
    print(f"first view of a customer: {whole / KILO:.1f} KB transferred ({parts})")


class Site:
    """A running server and a kept connection to it."""

    def __init__(self, process: psutil.Process, client: httpx.Client) -> None:
        """Keep both."""
        self.process = process
        self.client = client

    def seconds_a_page(self, path: str, pages: int) -> float:
        """Return the server's processor seconds for one page, the mean of many in a row."""
        shown = FIGURES.findall(self.client.get(path).text)
        before = self.process.cpu_times()
        for _ in range(pages):
            answer = self.client.get(path)
            assert answer.status_code == 200 and FIGURES.findall(answer.text) == shown
        after = self.process.cpu_times()
        return (after.user + after.system - before.user - before.system) / pages


def build(points: int) -> str:
    """Load a town, bill its month, sign a home in; returns the session's key."""
    from mingdu.base import ledger
    from mingdu.base.queries import actor_by_login
    from mingdu.billing.operations import approve_run, issue_run, rehearse
    from mingdu.main.demo.load import load_town
    from mingdu.main.demo.people import make_staff
    from mingdu.main.environment import current_environment

    environment = replace(current_environment(), town_points=points)
    make_staff(environment.data_folder, NOW)
    load_town(environment, lambda _: None, NOW)
    clerk, manager = actor_by_login("clerk"), actor_by_login("manager")
    assert clerk is not None and manager is not None
    run = rehearse(MONTH, by=clerk, at=NOW)
    ledger.finish_run(run.ledger_run_id, NOW)
    approve_run(run.pk, by=manager, at=NOW)
    ledger.finish_run(issue_run(run.pk, by=clerk, at=NOW), NOW)
    return sign_in()


def sign_in() -> str:
    """Begin the session of the account's holder; returns its key."""
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import connection

    session = SessionStore()
    with connection.cursor() as cursor:
        cursor.execute("SELECT customer_id FROM customers_account WHERE account_number = %s", (ACCOUNT,))
        (session["customer_id"],) = cursor.fetchone()
    session.save()
    return str(session.session_key)


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(module: str, cookie: dict[str, str]) -> Iterator[Site]:
    """Start a server on a free port and end it afterwards."""
    port = free_port()
    command = [sys.executable, "-m", module, "serve", "--port", str(port)]
    # Whatever key this process began with has signed the session.
    own = {"MINGDU_DEMO_NOW": NOW.isoformat(), "MINGDU_SECRET_KEY": settings.SECRET_KEY}
    process = subprocess.Popen(command, cwd=Path(__file__).parents[1], env=os.environ | own)
    address = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=address, cookies=cookie, headers={"Accept-Language": "zh"}) as client:
            wait_for(client, process)
            yield Site(psutil.Process(process.pid), client)
    finally:
        process.terminate()
        process.wait(30)


def wait_for(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers."""
    for _ in range(600):
        assert process.poll() is None, "the server ended"
        try:
            client.get("/")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server does not answer")
