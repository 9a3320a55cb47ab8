"""What a command that works on the database does first."""

from __future__ import annotations

from datetime import datetime

from mingdu.main.clock import clock_of
from mingdu.main.environment import current_environment
from mingdu.main.migrate import migrate


def ready() -> datetime:
    """Start the database, bring the tables up to date and return the present instant."""
    environment = current_environment()
    migrate(environment)
    return clock_of(environment).now()
