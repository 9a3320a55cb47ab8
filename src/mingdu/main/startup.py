"""Starts Django for a command or a worker, and brings the tables up to date."""

from __future__ import annotations

import os

import django

from .catalogues import compile_catalogues


def start_django() -> None:
    """Load the settings and the apps once."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingdu.main.settings")
    # Translations are loaded and kept by the set-up itself, so they are made before it.
    compile_catalogues()
    django.setup()
    _watch_beats()
    watch_backups()
    _hold_evidence()


def _watch_beats() -> None:
    """Let the board see which processes beat."""
    from mingdu.base.signs import register_signs

    from .health import living

    register_signs(living)


def watch_backups() -> None:
    """Let the desks see the backups, by real time."""
    from django.conf import settings

    from mingdu.base.backup_board import register_backups

    from .backup.state import board_of
    from .clock import Clock

    register_backups(lambda: board_of(settings.ENVIRONMENT, Clock().now(), settings.ZONE))


def _hold_evidence() -> None:
    """Let retention ask what still rests on readings."""
    from .holds import register_holds

    register_holds()
