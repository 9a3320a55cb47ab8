"""`mingdu headend`: let terminals dial in, and ask their meters."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Final

import structlog
import typer
import uvloop

from mingdu.headend import HeadEnd, Settings, Store, serve_until_signal
from mingdu.main import database
from mingdu.main.beats import beat
from mingdu.main.clock import Clock, clock_of
from mingdu.main.environment import PORT_MAX, Environment, LogFormat, current_environment
from mingdu.rulebook.document import BadDocument, Node, read_yaml_file
from mingdu.wire.dtu import TerminalProfile

TERMINAL_SCHEMA: Final = "mingdu/terminal/1"
BEAT_SECONDS: Final = 3.0
ORDERS: Final = ("as_printed", "low_byte_first")

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
    settings = Settings(read_profiles(environment.checkout / "meters"), process)
    uvloop.run(serve(environment, settings, listen_on))


async def serve(environment: Environment, settings: Settings, port: int) -> None:
    """Run one head end on the database and the clock of an environment."""
    store = Store(database.url(environment), settings.process)
    head_end = HeadEnd(store, settings, clock_of(environment).now)
    beating = asyncio.create_task(_beat(environment))
    try:
        await serve_until_signal(head_end, port, lambda bound: typer.echo(f"listening port={bound}"))
    finally:
        beating.cancel()


async def _beat(environment: Environment) -> None:
    """Say that this process lives, in real time, for /health."""
    while True:
        beat(environment, "headend", Clock().now())
        await asyncio.sleep(BEAT_SECONDS)


def read_profiles(folder: Path) -> tuple[TerminalProfile, ...]:
    """
    Read the terminal files of a folder, by name.

    raises  BadDocument; BadProfile: packets that cannot be told apart
    """
    documents = (read_yaml_file(path) for path in sorted(folder.glob("*.yaml")))
    return tuple(_profile(node) for node in documents if node.at("schema").value == TERMINAL_SCHEMA)


def _profile(node: Node) -> TerminalProfile:
    address = node.at("address")
    return TerminalProfile(
        node.at("model").text(),
        _bytes(node.at("registration").at("prefix")),
        _bytes(node.at("heartbeat").at("prefix")),
        address.at("bytes").whole(),
        address.at("order").choice(ORDERS) == "low_byte_first",
    )


def _bytes(node: Node) -> bytes:
    try:
        return bytes.fromhex(node.text())
    except ValueError as cause:
        raise BadDocument(
            f"{node.file}: {node.key}: pairs of hex digits are expected", file=node.file, key=node.key
        ) from cause


def _write_log_as(log_format: LogFormat) -> None:
    if log_format is LogFormat.JSON:
        structlog.configure(
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(),
            ]
        )
