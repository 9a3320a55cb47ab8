"""Addresses of the field app; what the app itself shows has addresses of its own below /f/."""

from __future__ import annotations

from django.urls import path, re_path

from . import views

app_name = "field"
urlpatterns = [
    path("sw.js", views.worker, name="worker"),
    path("manifest.webmanifest", views.manifest, name="manifest"),
    re_path(r"^[a-z0-9/-]*$", views.shell, name="shell"),
]
