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
