"""Signing in to the desks with login and password, and out."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from mingdu.base.operations import WrongSignIn
from mingdu.base.operations import sign_in as prove_person
from mingdu.faces.identity import Asked, address_of, begin_desk_session, end_session
from mingdu.faces.next_page import next_page


class SignInForm(forms.Form):
    """Login and password."""

    login = forms.CharField(
        label=gettext_lazy("Login"), max_length=40, widget=forms.TextInput({"autocomplete": "username"})
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


@require_http_methods(["GET", "POST"])
def sign_in(request: Asked) -> HttpResponse:
    """Ask for login and password; a fitting pair begins a session."""
    form = SignInForm(request.POST or None)
    if form.is_valid():
        try:
            _person, token = prove_person(**form.cleaned_data, now=request.now, address=address_of(request))
        except WrongSignIn:
            form.add_error(None, _("Login or password is wrong."))
        else:
            begin_desk_session(request, token)
            return redirect(next_page(request, reverse("console:home")))
    page = {"form": form, "next": request.POST.get("next") or request.GET.get("next", "")}
    return render(request, "faces/console/sign_in.html", page, status=401 if form.errors else 200)


@require_POST
def sign_out(request: Asked) -> HttpResponse:
    """End the session."""
    end_session(request)
    return redirect("console:sign_in")


urlpatterns = [
    path("sign-in/", sign_in, name="sign_in"),
    path("sign-out/", sign_out, name="sign_out"),
]
