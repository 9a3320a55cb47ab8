"""Users and units: who works here, with which roles on which units; a new password is shown once."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mingdu.base.actors import Actor
from mingdu.base.operations import issue_token
from mingdu.base.people import (
    LoginTaken,
    deactivate,
    employ,
    give_role,
    member,
    member_of,
    people_listed,
    reactivate,
    reset_password,
    unit_tree,
    withdraw_role,
)
from mingdu.base.permissions import require
from mingdu.base.roles import Role
from mingdu.base.sheets import sheet_of
from mingdu.faces.identity import Asked, begin_desk_session
from mingdu.faces.words import WORDS

from .door import at_desk, not_kept
from .refusals import is_done, refusal

MOST_LETTERS = 40
# Where the session keeps a new password until it is shown, and then when that was.
SECRET = "new_password"
# Customers sign in by their phone, and the system is no person.
STAFF_ROLES = [role for role in Role if role not in (Role.CUSTOMER, Role.SYSTEM)]


class PersonForm(forms.Form):
    """A new member of staff."""

    login = forms.SlugField(
        label=gettext_lazy("Login"), max_length=40, widget=forms.TextInput({"autocomplete": "off"}),
        help_text=gettext_lazy("Letters, digits, hyphens and underscores."),
    )  # fmt: skip
    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    unit = forms.TypedChoiceField(label=gettext_lazy("Unit"), coerce=int, empty_value=None, required=False)

    def __init__(self, by: Actor, data: Any = None) -> None:
        """Offer all units."""
        super().__init__(data)
        self.fields["unit"] = _unit_field(by)


class RoleForm(forms.Form):
    """A role on a unit and everything below it."""

    role = forms.ChoiceField(
        label=gettext_lazy("The role"), choices=[(role.value, WORDS[role.value]) for role in STAFF_ROLES]
    )
    unit = forms.TypedChoiceField(label=gettext_lazy("Unit"), coerce=int, empty_value=None, required=False)

    def __init__(self, by: Actor, data: Any = None) -> None:
        """Offer all units."""
        super().__init__(data)
        self.fields["unit"] = _unit_field(by)


@require_safe
def people(request: Asked) -> HttpResponse:
    """List staff, those who may sign in first; found by login or name."""
    by = at_desk(request)
    asked = request.GET.get("q", "")[:MOST_LETTERS].replace("\0", "").strip()
    sheet = sheet_of(request, people_listed(by, asked))
    page = {"asked": asked, "sheet": sheet, "rows": [member_of(row) for row in sheet.rows]}
    return render(request, "faces/console/people/list.html", page)


@require_safe
def units(request: Asked) -> HttpResponse:
    """Show the tree of units."""
    return render(request, "faces/console/people/units.html", {"rows": unit_tree(at_desk(request))})


@require_http_methods(["GET", "POST"])
def new_person(request: Asked) -> HttpResponse:
    """Create a member of staff; his first password is shown on his page, once."""
    by = at_desk(request)
    require(by, "base.administer")
    form = PersonForm(by, request.POST or None)
    if form.is_valid():
        said = form.cleaned_data
        try:
            number, password = employ(
                said["login"], said["name"], unit_id=said["unit"], by=by, at=request.now
            )
        except LoginTaken as error:
            form.add_error("login", refusal(error))
        else:
            return _shown_once(request, number, password)
    status = 422 if form.errors else 200
    return render(request, "faces/console/people/new.html", {"form": form}, status=status)


@require_safe
def person(request: Asked, person_id: int) -> HttpResponse:
    """Show a person with his roles, and the password drawn for him just now, once."""
    return _person_page(request, at_desk(request), person_id)


@require_POST
def grant(request: Asked, person_id: int) -> HttpResponse:
    """Give a person a role."""
    by = at_desk(request)
    require(by, "base.administer")
    form = RoleForm(by, request.POST)
    if form.is_valid():
        said = form.cleaned_data
        act = partial(give_role, person_id, Role(said["role"]), unit_id=said["unit"], by=by, at=request.now)
        if is_done(request, act, _("The role is given; it holds from his next click."), form):
            return redirect("console:person", person_id)
    return _person_page(request, by, person_id, form=form)


@require_POST
def withdraw(request: Asked, person_id: int, grant_id: int) -> HttpResponse:
    """End a role of a person."""
    by = at_desk(request)
    act = partial(withdraw_role, person_id, grant_id, by=by, at=request.now)
    if is_done(request, act, _("The role is withdrawn; he signs in anew.")):
        _stay(request, by, person_id)
    return redirect("console:person", person_id)


@require_POST
def end_access(request: Asked, person_id: int) -> HttpResponse:
    """End a person's access."""
    by = at_desk(request)
    act = partial(deactivate, person_id, by=by, at=request.now)
    is_done(request, act, _("His access has ended; what he did stays in the audit."))
    return redirect("console:person", person_id)


@require_POST
def give_access(request: Asked, person_id: int) -> HttpResponse:
    """Let a person sign in again."""
    reactivate(person_id, by=at_desk(request), at=request.now)
    messages.success(request, _("He may sign in again, with the roles that he holds."))
    return redirect("console:person", person_id)


@require_POST
def new_secret(request: Asked, person_id: int) -> HttpResponse:
    """Give a person a new password; it is shown on his page, once."""
    by = at_desk(request)
    password = reset_password(person_id, by=by, at=request.now)
    _stay(request, by, person_id)
    return _shown_once(request, person_id, password)


def _stay(request: Asked, by: Actor, person_id: int) -> None:
    """Sign the administrator in again who has just ended his own sessions; his other browsers stay out."""
    if person_id == by.number:
        begin_desk_session(request, issue_token("person", person_id, now=request.now))


def _shown_once(request: Asked, person_id: int, password: str) -> HttpResponse:
    """Keep a password in the administrator's session until the person's page takes it out and shows it."""
    request.session[SECRET] = {"person": person_id, "password": password}
    return redirect("console:person", person_id)


def _secret(request: Asked, person_id: int) -> dict[str, Any]:
    """Take the person's new password out of the session; afterwards tell when it was shown."""
    kept = request.session.get(SECRET, {})
    if kept.get("person") != person_id:
        return {}
    if "password" in kept:
        request.session[SECRET] = {"person": person_id, "shown_at": request.now.isoformat()}
        return {"password": kept["password"]}
    return {"shown_at": datetime.fromisoformat(kept["shown_at"])}


def _person_page(request: Asked, by: Actor, person_id: int, *, form: RoleForm | None = None) -> HttpResponse:
    found = member(by, person_id)
    page = {
        "person": found,
        "form": form or RoleForm(by),
        "is_self": found.id == by.number,
        **_secret(request, person_id),
    }
    status = 422 if form and form.errors else 200
    return not_kept(render(request, "faces/console/people/person.html", page, status=status))


def _unit_field(by: Actor) -> forms.TypedChoiceField:
    choices = [(unit.id, f"{'　' * unit.depth}{unit.name}") for unit in unit_tree(by)]
    return forms.TypedChoiceField(
        label=gettext_lazy("Unit"), coerce=int, empty_value=None, required=False,
        choices=[("", _("the whole company")), *choices],
    )  # fmt: skip


urlpatterns = [
    path("people/", people, name="people"),
    path("people/new/", new_person, name="new_person"),
    path("people/<int:person_id>/", person, name="person"),
    path("people/<int:person_id>/roles/", grant, name="grant_role"),
    path("people/<int:person_id>/roles/<int:grant_id>/withdraw/", withdraw, name="withdraw_role"),
    path("people/<int:person_id>/deactivate/", end_access, name="deactivate_person"),
    path("people/<int:person_id>/reactivate/", give_access, name="reactivate_person"),
    path("people/<int:person_id>/password/", new_secret, name="reset_password"),
    path("units/", units, name="units"),
]
