"""The web server: Django under uvicorn."""

from __future__ import annotations

from .environment import Environment
from .startup import start_django

APPLICATION = "mingdu.main.asgi:application"


def serve(environment: Environment, port: int) -> None:
    """Serve on loopback until SIGINT or SIGTERM."""
    import uvicorn

    start_django()
    uvicorn.run(
        APPLICATION, host="127.0.0.1", port=port, log_level="warning", lifespan="off", access_log=False
    )
