"""Addresses of customers' pages."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "customer"
urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", views.sign_in, name="sign_in"),
    path("code/", views.code, name="code"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("bills/<int:bill_id>/", views.bill, name="bill"),
    path("cases/", views.cases, name="cases"),
    path("cases/new/", views.new_case, name="new_case"),
    path("cases/<slug:number>/", views.one_case, name="case"),
    path("inbox/", views.messages, name="inbox"),
    path("inbox/<int:message_id>/read/", views.read_message, name="read_message"),
]
