"""A bare Django site under the same server: a session looked up in the database, one line rendered."""

from __future__ import annotations

import sys

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.urls import path

from mingdu.main.startup import start_django


def line(request: HttpRequest) -> HttpResponse:
    """Say who is signed in."""
    page = Template("<p>{{ number }}</p>").render(Context({"number": request.session.get("customer_id")}))
    return HttpResponse(page)


urlpatterns = [path("", line)]


def main() -> None:
    """Serve on the port of `serve --port N`, as `mingdu serve` is started."""
    import uvicorn

    start_django()
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
    uvicorn.run(
        get_asgi_application(), host="127.0.0.1", port=int(sys.argv[-1]), log_level="warning", lifespan="off",
        access_log=False,
    )  # fmt: skip


if __name__ == "__main__":
    main()
