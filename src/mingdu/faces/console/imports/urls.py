"""Addresses of the imports."""

from __future__ import annotations

from django.urls import path

from . import screen

urlpatterns = [
    path("", screen.imports, name="imports"),
    path("mappings/", screen.mapping, name="import_mapping"),
    path("<int:number>/", screen.one_import, name="import"),
    path("<int:number>/progress/", screen.progress, name="import_progress"),
    path("<int:number>/start/", screen.start, name="start_import"),
    path("<int:number>/report.csv", screen.report, name="import_report"),
]
