"""`mingdu serve` and `mingdu worker`: the processes of a running system."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mingdu.main import database
from mingdu.main.certificates import Certificate, given_certificate, own_certificate
from mingdu.main.environment import Environment, current_environment
from mingdu.main.startup import start_django

Port = Annotated[int, typer.Option(help="port; 0 takes MINGDU_HTTP_PORT")]
Tls = Annotated[bool, typer.Option("--tls", help="Serve HTTPS.")]
Cert = Annotated[Path | None, typer.Option(help="Certificate (PEM); without one a self-signed one is kept.")]
Key = Annotated[Path | None, typer.Option(help="Private key (PEM) of --cert.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(serve)
    app.command()(worker)


def serve(port: Port = 0, tls: Tls = False, cert: Cert = None, key: Key = None) -> None:
    """Serve pages and API on loopback; with --tls over HTTPS, by a given or a self-signed certificate."""
    from mingdu.main.web import serve as serve_web

    environment = current_environment()
    certificate = _certificate(environment, tls, cert, key)
    database.start(environment)
    serve_web(port or environment.http_port, certificate)


def _certificate(
    environment: Environment, tls: bool, cert: Path | None, key: Path | None
) -> Certificate | None:
    if (cert is None) != (key is None):
        raise typer.BadParameter("--cert and --key go together")
    if cert is not None and key is not None:
        if not tls:
            raise typer.BadParameter("--cert and --key are for --tls")
        return given_certificate(cert, key)
    return own_certificate(environment) if tls else None


def worker() -> None:
    """Work on what waits: inbox, outbox, runs, limits."""
    environment = current_environment()
    database.start(environment)
    start_django()
    from mingdu.main.worker import run_worker

    run_worker(environment)
