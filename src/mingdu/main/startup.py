"""Starts Django for a command or a worker, and brings the tables up to date."""

from __future__ import annotations

import os

import django


def start_django() -> None:
    """Load the settings and the apps once."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingdu.main.settings")
    django.setup()
