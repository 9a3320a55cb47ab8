"""The web server: Django under uvicorn."""

from __future__ import annotations

from .certificates import Certificate
from .environment import current_environment
from .startup import start_django

APPLICATION = "mingdu.main.asgi:application"


def serve(port: int, certificate: Certificate | None = None) -> None:
    """Serve on loopback until SIGINT or SIGTERM; with a certificate over HTTPS alone."""
    import uvicorn

    start_django()
    from .gateway import keep_gateway_url

    scheme = "http" if certificate is None else "https"
    keep_gateway_url(current_environment().data_folder, f"{scheme}://127.0.0.1:{port}")
    files = (None, None) if certificate is None else (certificate.certificate, certificate.key)
    uvicorn.run(
        APPLICATION, host="127.0.0.1", port=port, log_level="warning", lifespan="off", access_log=False,
        ssl_certfile=files[0], ssl_keyfile=files[1],
    )  # fmt: skip
