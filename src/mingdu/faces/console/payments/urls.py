"""Addresses of the desks' pages about payments."""

from __future__ import annotations

from django.urls import path

from . import listing, order

urlpatterns = [
    path("", listing.payments, name="payments"),
    path("notices/", listing.notices, name="payment_notices"),
    path("notices/<int:notice_id>/", listing.notice, name="payment_notice"),
    path("<slug:number>/", order.payment, name="payment"),
    path("<slug:number>/settle/", order.settle, name="settle_payment"),
]
