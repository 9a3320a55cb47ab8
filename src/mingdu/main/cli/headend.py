"""`mingdu headend`: let terminals dial in, and ask their meters."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated, Final

import structlog
import typer
import uvloop

from mingdu.headend import HeadEnd, Settings, Store, serve_until_signal
from mingdu.main import database
from mingdu.main.beats import beat
from mingdu.main.clock import Clock, clock_of
from mingdu.main.environment import PORT_MAX, Environment, LogFormat, current_environment
from mingdu.rulebook.terminals import terminal_profiles

BEAT_SECONDS: Final = 3.0

Port = Annotated[
    int | None, typer.Option(min=1, max=PORT_MAX, help="Port to listen on; default MINGDU_HEADEND_PORT.")
]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("headend")(headend)


def headend(port: Port = None) -> None:
    """Listen for terminals until SIGINT or SIGTERM; what was acknowledged is on disk."""
    environment = current_environment()
    _write_log_as(environment.log)
    listen_on = port or environment.headend_port
    # The name tells the session rows of this process from others' and stays the same after a restart.
    process = f"headend:{listen_on}"
    settings = Settings(terminal_profiles(environment.checkout / "meters"), process)
    uvloop.run(serve(environment, settings, listen_on))


async def serve(environment: Environment, settings: Settings, port: int) -> None:
    """Run one head end on the database and the clock of an environment."""
    store = Store(database.url(environment), settings.process)
    head_end = HeadEnd(store, settings, clock_of(environment).now)
    listening = asyncio.Event()
    beating = asyncio.create_task(_beat(environment, head_end, listening))

    def started(bound: int) -> None:
        typer.echo(f"listening port={bound}")
        listening.set()

    try:
        await serve_until_signal(head_end, port, started)
    finally:
        beating.cancel()


async def _beat(environment: Environment, head_end: HeadEnd, listening: asyncio.Event) -> None:
    """Say that this process lives, in real time, for /health, and what it has done, for /metrics."""
    await listening.wait()
    while True:
        beat(environment, "headend", Clock().now(), asdict(head_end.counters()))
        await asyncio.sleep(BEAT_SECONDS)


def _write_log_as(log_format: LogFormat) -> None:
    if log_format is LogFormat.JSON:
        structlog.configure(
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(),
            ]
        )
