"""Addresses of customers' pages."""

from __future__ import annotations

from django.urls import include, path

from . import converters  # noqa: F401  # registers <row:…>
from .views import accounts, bills, cases, inbox, signing, use

app_name = "customer"
urlpatterns = [
    path("", use.home, name="home"),
    path("day/<str:day>/", use.one_day, name="day"),
    path("sign-in/", signing.sign_in, name="sign_in"),
    path("code/", signing.code, name="code"),
    path("sign-out/", signing.sign_out, name="sign_out"),
    path("me/", accounts.me, name="me"),
    path("me/print/", accounts.print_size, name="print_size"),
    path("me/bind/", accounts.bind, name="bind"),
    path("me/unbind/", accounts.unbind, name="unbind"),
    path("bills/", bills.bills, name="bills"),
    path("bills/<row:bill_id>/", bills.bill, name="bill"),
    path("bills/<row:bill_id>/pdf/", bills.pdf, name="bill_pdf"),
    path("bills/<row:bill_id>/compare/", bills.compare, name="compare"),
    path("", include("mingdu.faces.customer.paying_urls")),
    path("repair/", cases.repair, name="repair"),
    path("cases/", cases.cases, name="cases"),
    path("cases/new/", cases.new_case, name="new_case"),
    path("cases/<slug:number>/", cases.one_case, name="case"),
    path("cases/<slug:number>/files/<row:place>/", cases.case_file, name="case_file"),
    path("inbox/", inbox.messages, name="inbox"),
    path("inbox/<row:message_id>/read/", inbox.read_message, name="read_message"),
]
