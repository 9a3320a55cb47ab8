"""Brings the tables to the state that this program needs."""

from __future__ import annotations

from . import database
from .environment import Environment
from .startup import start_django


def migrate(environment: Environment) -> None:
    """Start the database when it is ours and not up, then run the migrations."""
    database.start(environment)
    start_django()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
