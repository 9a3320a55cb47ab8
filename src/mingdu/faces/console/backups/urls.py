"""Addresses of the backups."""

from __future__ import annotations

from django.urls import path

from . import screen

urlpatterns = [path("", screen.backups, name="backups")]
