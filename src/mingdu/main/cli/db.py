"""`mingdu db`: start, stop and look at the database."""

from __future__ import annotations

import typer

from mingdu.main import database
from mingdu.main.environment import current_environment


def register(app: typer.Typer) -> None:
    """Add the group `db` to the command line."""
    group = typer.Typer(help="The database: start, stop, look, migrate, upgrade.", no_args_is_help=True)
    for command in (start, stop, status, migrate, upgrade, url):
        group.command()(command)
    app.add_typer(group, name="db")


def start() -> None:
    """Start the database; make it first if there is none."""
    server = database.start(current_environment())
    typer.echo(f"running pid={server.pid or '-'} data={server.data_folder}")


def stop() -> None:
    """Stop the database; what was acknowledged is on disk."""
    was_running = database.stop(current_environment())
    typer.echo("stopped" if was_running else "was not running")


def status() -> None:
    """Tell whether the database takes connections; exit code 4 when it does not."""
    found = database.status(current_environment())
    line = f"pid={found.pid or '-'} version={found.data_version or '-'} data={found.data_folder}"
    if not found.is_ready:
        raise database.DatabaseDown(f"the database is not ready: {line}")
    typer.echo(f"ready {line}")


def migrate() -> None:
    """Bring the tables to the state that this program needs."""
    # Migrations need Django, which the other commands of this group do without.
    from mingdu.main.migrate import migrate as migrate_tables

    migrate_tables(current_environment())


def upgrade() -> None:
    """Move the data to the current major version of PostgreSQL; the server stays stopped."""
    was_needed = database.upgrade(current_environment())
    typer.echo("upgraded; start it: mingdu db start" if was_needed else "already at the current version")


def url() -> None:
    """Print the URL of the database, password and all."""
    typer.echo(database.url(current_environment()))
