"""Django's entry for the pages: templates, the desks' menu, where the page of each kind of thing is."""

from __future__ import annotations

from django.apps import AppConfig


class FacesConfig(AppConfig):
    """Registers the templates of the pages, the desks' menu and the links to what the pages show."""

    name = "mingdu.faces"
    label = "faces"

    def ready(self) -> None:
        """Fill menu and links; each area of the desks keeps its own entries."""
        from .console import menu

        menu.fill_menu()
        menu.fill_links()
