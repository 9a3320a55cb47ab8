"""Django's entry for the pages."""

from __future__ import annotations

from django.apps import AppConfig


class FacesConfig(AppConfig):
    """Registers the templates of the pages."""

    name = "mingdu.faces"
    label = "faces"
