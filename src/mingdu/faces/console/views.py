"""The desks' plain pages: sign-in, tasks, bill runs, outbox."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mingdu.base.operations import WrongSignIn
from mingdu.base.operations import sign_in as prove_person
from mingdu.billing.queries import runs as bill_runs
from mingdu.faces.identity import PERSON_KEY, Asked, begin_session, end_session, signed_in
from mingdu.faces.next_page import next_page
from mingdu.notices.queries import sent_messages
from mingdu.work.queries import open_tasks


class SignInForm(forms.Form):
    """Login and password."""

    login = forms.CharField(label=gettext_lazy("Login"), max_length=40)
    password = forms.CharField(
        label=gettext_lazy("Password"), max_length=200, strip=False, widget=forms.PasswordInput
    )


@require_http_methods(["GET", "POST"])
def sign_in(request: Asked) -> HttpResponse:
    """Ask for login and password; a fitting pair begins a session."""
    form = SignInForm(request.POST or None)
    if form.is_valid():
        try:
            person, _token = prove_person(**form.cleaned_data, now=request.now)
        except WrongSignIn:
            form.add_error(None, _("Login or password is wrong."))
        else:
            begin_session(request, PERSON_KEY, person.pk)
            return redirect(next_page(request, reverse("console:tasks")))
    page = {"form": form, "next": request.GET.get("next", "")}
    return render(request, "faces/console/sign_in.html", page, status=401 if form.errors else 200)


@require_POST
def sign_out(request: Asked) -> HttpResponse:
    """End the session."""
    end_session(request)
    return redirect("console:sign_in")


@require_safe
def tasks(request: Asked) -> HttpResponse:
    """List the open tasks of one's units."""
    page = {"tasks": open_tasks(signed_in(request)), "now": request.now}
    return render(request, "faces/console/tasks.html", page)


@require_safe
def runs(request: Asked) -> HttpResponse:
    """List bill runs with their figures."""
    return render(request, "faces/console/runs.html", {"runs": bill_runs(signed_in(request))})


@require_safe
def outbox(request: Asked) -> HttpResponse:
    """List the newest messages to anybody, one-time codes included: for administrators."""
    return render(request, "faces/console/outbox.html", {"messages": sent_messages(signed_in(request))})
