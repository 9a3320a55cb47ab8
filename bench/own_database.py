"""A database of the bench's own: made in a temporary folder, migrated, and gone when the bench is over."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg.conninfo

# Root's server runs as another user, who must reach the folder; a socket's path must stay short.
ROOT_FOLDER = Path("/var/lib/mingdu")


@contextmanager
def own_database() -> Iterator[None]:
    """Start a server, point Django at its migrated database, and stop and remove it afterwards."""
    folder = _folder()
    os.environ.setdefault("MINGDU_DATA", str(folder))
    from mingdu.main import database
    from mingdu.main.environment import current_environment
    from mingdu.main.migrate import migrate
    from mingdu.main.startup import start_django

    environment = replace(current_environment(), data_folder=folder, database_url=None)
    try:
        url = database.start(environment).url
        start_django()
        before = _point_django_at(psycopg.conninfo.conninfo_to_dict(url))
        try:
            migrate(environment)
            yield
        finally:
            _point_django_at(before)
            database.stop(environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if os.environ.get("MINGDU_DATA") == str(folder):
            del os.environ["MINGDU_DATA"]


def _folder() -> Path:
    is_root = os.geteuid() == 0
    if is_root:
        ROOT_FOLDER.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench", dir=ROOT_FOLDER if is_root else None))
    folder.chmod(0o711)
    return folder


def _point_django_at(parts: Mapping[str, object]) -> dict[str, object]:
    """Point Django's connection elsewhere; returns where it pointed before."""
    from django.db import connection

    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    connection.close()
    before = {name: connection.settings_dict[key] for name, key in names.items()}
    connection.settings_dict.update({key: str(parts.get(name, "")) for name, key in names.items()})
    return before
