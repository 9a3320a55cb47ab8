"""Addresses of reading review."""

from __future__ import annotations

from django.urls import path

from . import acts, queue, together

urlpatterns = [
    path("", queue.readings, name="readings"),
    path("together/", together.explain, name="explain_together"),
    path("withdraw/", together.withdraw, name="withdraw_explanations"),
    path("<int:finding_id>/", acts.finding, name="finding"),
    path("<int:finding_id>/explain/", acts.explain, name="explain_finding"),
    path("<int:finding_id>/edit/", acts.edit, name="edit_register"),
    path("<int:finding_id>/reread/", acts.reread, name="order_reread"),
]
