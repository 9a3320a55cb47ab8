"""The application that the web server runs."""

from __future__ import annotations

from django.core.asgi import get_asgi_application

from .startup import start_django

start_django()
application = get_asgi_application()
