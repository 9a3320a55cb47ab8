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


def _watch_beats() -> None:
    """Let the board see which processes beat."""
    from mingdu.base.signs import register_signs

    from .health import living

    register_signs(living)
