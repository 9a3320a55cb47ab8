"""Addresses of the customers' pages about paying; part of the customers' map."""

from __future__ import annotations

from django.urls import path

from . import converters, paying, receipts  # noqa: F401  # converters: registers <row:…>

urlpatterns = [
    path("pay/", paying.pay, name="pay"),
    path("pay/<row:bill_id>/", paying.pay, name="pay"),
    path("pay/order/<slug:number>/", paying.pay_order, name="pay_order"),
    path("receipts/", receipts.receipts, name="receipts"),
    path("receipts/<slug:number>/", receipts.receipt, name="receipt"),
    path("receipts/<slug:number>/print/", receipts.receipt_print, name="receipt_print"),
]
