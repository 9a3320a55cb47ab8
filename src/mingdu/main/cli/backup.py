"""`mingdu backup` and `mingdu restore`: copies of everything, the way back, and the proof of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from mingdu.errors import TradeError
from mingdu.main.backup.locked_keys import key_in_file, recovery_key
from mingdu.main.backup.restore import Order, Restored, restore
from mingdu.main.backup.run import Made, Tell, back_up
from mingdu.main.backup.schedule import do_due, fetch_helping
from mingdu.main.backup.state import KeptBackup, kept_backups
from mingdu.main.backup.target import target_of
from mingdu.main.backup.verify import Proof, proof_as_json
from mingdu.main.backup.verify import verify as prove
from mingdu.main.clock import Clock
from mingdu.main.environment import Environment, current_environment

DIFFERENCE = 3
MEGABYTE = 1_000_000

Full = Annotated[bool, typer.Option("--full", help="A full backup, even where an incremental one would do.")]
ToFolder = Annotated[
    Path | None,
    typer.Option("--to", help="Folder of the backups; else MINGDU_BACKUP or the data folder."),
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
ToTime = Annotated[
    str, typer.Option("--to", help="Instant with its zone, 2027-01-04T09:00:00+08:00, or `latest`.")
]
FromFolder = Annotated[Path | None, typer.Option("--from", help="Folder of the backups.")]
IntoFolder = Annotated[Path | None, typer.Option("--into", help="Data folder; else that of MINGDU_DATA.")]
KeyFile = Annotated[
    Path | None, typer.Option("--key-file", help="File with the recovery key; else that of the data folder.")
]
WithoutKeys = Annotated[bool, typer.Option("--without-keys", help="Leave the keys out; new ones are made.")]
Replace = Annotated[bool, typer.Option("--replace", help="Take the place of a database; it is kept beside.")]

STEPS = {
    "log": "the log",
    "database": "the database",
    "files": "the files",
    "totals": "the totals of every table",
    "check": "every byte that is needed",
}


class BadInstant(TradeError):
    """The instant of a restore cannot be read."""

    next_step = "write it with its zone: --to 2027-01-04T09:00:00+08:00, or --to latest"


def register(app: typer.Typer) -> None:
    """Add the group `backup` and the command `restore`."""
    group = typer.Typer(help="Backups: make, list, prove, show the recovery key.", no_args_is_help=False)
    group.callback(invoke_without_command=True)(run_alone)
    for command in (run, list_, verify, key, log):
        group.command(command.__name__.rstrip("_"))(command)
    group.command("due", hidden=True)(due)
    app.add_typer(group, name="backup")
    app.command("restore")(restore_to)


def run_alone(context: typer.Context, full: Full = False, to: ToFolder = None) -> None:
    """Make a backup."""
    if context.invoked_subcommand is None:
        run(full, to)


def run(full: Full = False, to: ToFolder = None) -> None:
    """Make a backup of database, files and keys: incremental where that is possible."""
    with _progress("backup") as tell:
        made = back_up(current_environment(), to, full, tell)
    _tell_made(made)


def list_(to: ToFolder = None, as_json: AsJson = False) -> None:
    """List the backups with their state."""
    found = kept_backups(target_of(current_environment(), to))
    if as_json:
        typer.echo(json.dumps([_as_json(each) for each in found], ensure_ascii=False))
        return
    table = Table("backup", "kind", "restores from", "MB", "state")
    for each in found:
        since = f"{each.ended_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if each.ended_at else "-"
        table.add_row(each.name, each.kind or "-", since, f"{each.bytes / MEGABYTE:,.1f}", each.state)
    Console().print(table if found else "no backups yet; make the first: mingdu backup")


def verify(to: ToFolder = None, as_json: AsJson = False) -> None:
    """Restore the latest backup beside the live database and compare; exit code 3 on a difference."""
    environment = current_environment()
    with _progress("verify") as tell:
        proof = prove(environment, target_of(environment, to), Clock().now(), tell)
    typer.echo(json.dumps(proof_as_json(proof)) if as_json else _in_words(proof))
    if not proof.is_equal:
        raise typer.Exit(DIFFERENCE)


def key() -> None:
    """Print the recovery key, which opens the keys in the backups; keep it away from them."""
    typer.echo(recovery_key(current_environment().data_folder)[0])


def log(to: ToFolder = None) -> None:
    """Fetch the database's log and new files once; a worker does so every minute."""
    environment = current_environment()
    found = fetch_helping(environment, target_of(environment, to))
    typer.echo(f"the log reaches to {found.until_at.isoformat()}")


def due() -> None:
    """Do what the rules say is due now; started by the worker."""
    # The utility's zone stands in Django's settings.
    from mingdu.main.settings import ZONE

    typer.echo(do_due(current_environment(), ZONE, lambda _: None) or "nothing is due")


def restore_to(
    to: ToTime,
    from_: FromFolder = None,
    into: IntoFolder = None,
    key_file: KeyFile = None,
    without_keys: WithoutKeys = False,
    replace: Replace = False,
) -> None:
    """Bring a data folder back to an instant; the database stays stopped."""
    environment = current_environment()
    folder = (into or environment.data_folder).resolve()
    secret = None if without_keys else key_in_file(key_file or environment.data_folder / "backup_key")
    order = Order(target_of(environment, from_), _instant(to), folder, secret, replace)
    with _progress("restore") as tell:
        restored = restore(environment, order, tell)
    _tell_restored(environment, order, restored)


@contextmanager
def _progress(what: str) -> Iterator[Tell]:
    """Show on a terminal what is worked on."""
    console = Console(stderr=True)
    with console.status(what) as status:
        yield lambda step: status.update(f"{what}: {STEPS[step]} …")


def _tell_made(made: Made) -> None:
    manifest = made.manifest
    for name in made.cleared:
        typer.echo(f"cleared {name}, which was cut before it was whole")
    upon = f" upon {manifest.parent}" if manifest.parent else ""
    typer.echo(
        f"{manifest.kind} backup {manifest.name}{upon}: {manifest.database_bytes / MEGABYTE:,.1f} MB, "
        f"{manifest.files_count} files, {len(manifest.totals.tables)} tables; {made.folder}"
    )
    for name in made.removed:
        typer.echo(f"removed {name}, older than what is kept")
    if made.new_key is not None:
        typer.echo(
            f"recovery key: {made.new_key}\nWrite it down and keep it away from the backups: "
            "without it the keys in them cannot be opened. Again: mingdu backup key"
        )


def _tell_restored(environment: Environment, order: Order, restored: Restored) -> None:
    latest = restored.latest_at.isoformat() if restored.latest_at else "that of the backup"
    typer.echo(f"restored from {restored.backup}, {restored.files} files; the latest change is {latest}")
    typer.echo(f"left out: the {restored.lost.total_seconds():,.0f} s that the log knows after that instant")
    for path in restored.kept_as:
        typer.echo(f"kept what was there: {path}")
    if not restored.is_ours:
        typer.echo(f"start it with the configuration of its server: pg_ctl -D {restored.cluster} start")
        return
    here = "" if order.into == environment.data_folder else f"MINGDU_DATA={order.into} "
    typer.echo(f"start it: {here}mingdu db start")


def _in_words(proof: Proof) -> str:
    found = "equal" if proof.is_equal else f"DIFFERENT in {', '.join(proof.differences)}"
    return (
        f"backup {proof.backup}: {proof.tables} tables, {proof.rows:,} rows: {found}; "
        f"loss {proof.loss.total_seconds():,.1f} s, recovery {proof.recovery.total_seconds():,.1f} s"
    )


def _as_json(backup: KeptBackup) -> dict[str, object]:
    return {**vars(backup), "ended_at": backup.ended_at.isoformat() if backup.ended_at else None}


def _instant(text: str) -> datetime | None:
    if text == "latest":
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as cause:
        raise BadInstant(f"{text!r} is no instant", to=text) from cause
    if found.utcoffset() is None:
        raise BadInstant(f"{text!r} says no zone", to=text)
    return found
