"""Addresses of cases."""

from __future__ import annotations

from django.urls import path

from . import acts, listing, screen

urlpatterns = [
    path("", listing.cases, name="cases"),
    path("<slug:number>/", screen.case, name="case"),
    path("<slug:number>/file/<int:place>/", screen.case_file, name="case_file"),
    path("<slug:number>/contact/<int:contact_id>/", screen.reveal, name="reveal_contact"),
    path("<slug:number>/answer/", acts.answer, name="answer_case"),
    path("<slug:number>/reread/", acts.reread, name="reread_case"),
    path("<slug:number>/propose/", acts.propose, name="propose_correction"),
    path("<slug:number>/approve/<int:correction_id>/", acts.approve, name="approve_correction"),
    path("<slug:number>/assign/", acts.assign, name="assign_case"),
]
