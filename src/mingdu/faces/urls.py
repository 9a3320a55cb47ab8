"""Addresses of the pages and the API."""

from __future__ import annotations

from django.urls import include, path
from django.views.i18n import set_language

from .api.root import api
from .views import home

urlpatterns = [
    path("", home, name="home"),
    path("language/", set_language, name="set_language"),
    path("api/v1/", api.urls),
    path("console/", include("mingdu.faces.console.urls")),
    path("m/", include("mingdu.faces.customer.urls")),
    path("f/", include("mingdu.faces.field.urls")),
]
