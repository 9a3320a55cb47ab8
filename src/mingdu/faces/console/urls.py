"""Addresses of the desks' pages."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "console"
urlpatterns = [
    path("", views.tasks, name="tasks"),
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("outbox/", views.outbox, name="outbox"),
    path("runs/", views.runs, name="runs"),
]
