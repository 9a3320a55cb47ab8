"""Addresses of the rules."""

from __future__ import annotations

from django.urls import path

from . import screen

urlpatterns = [
    path("", screen.rules, name="rules"),
    path("<str:name>/", screen.rule, name="rule"),
]
