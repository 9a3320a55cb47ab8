"""`mingdu serve` and `mingdu worker`: the processes of a running system."""

from __future__ import annotations

from typing import Annotated

import typer

from mingdu.main import database
from mingdu.main.environment import current_environment
from mingdu.main.startup import start_django


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(serve)
    app.command()(worker)


def serve(port: Annotated[int, typer.Option(help="port; 0 takes MINGDU_HTTP_PORT")] = 0) -> None:
    """Serve pages and API on loopback."""
    from mingdu.main.web import serve as serve_web

    environment = current_environment()
    database.start(environment)
    serve_web(environment, port or environment.http_port)


def worker() -> None:
    """Work on what waits: inbox, outbox, runs, limits."""
    environment = current_environment()
    database.start(environment)
    start_django()
    from mingdu.main.worker import run_worker

    run_worker(environment)
