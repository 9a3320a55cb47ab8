"""What customers type in."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from mingdu.faces.words import WORDS
from mingdu.service.operations import CaseKind, Outcome


def _choices(codes: type[CaseKind] | type[Outcome]) -> list[tuple[str, object]]:
    return [(code.value, WORDS[code.value]) for code in codes]


class PhoneForm(forms.Form):
    """The phone to which a code goes."""

    phone = forms.CharField(label=_("Phone"), max_length=20, widget=forms.TextInput({"inputmode": "tel"}))


class CodeForm(PhoneForm):
    """The phone and the code that it got."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


class CaseForm(forms.Form):
    """What is wrong, with which account and bill."""

    account = forms.CharField(label=_("Account"), max_length=20)
    bill_id = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    kind = forms.ChoiceField(label=_("What is it about?"), choices=_choices(CaseKind))
    words = forms.CharField(label=_("In your words"), max_length=2000, widget=forms.Textarea({"rows": 5}))


class CloseForm(forms.Form):
    """Whether it is solved."""

    outcome = forms.ChoiceField(label=_("Is it solved?"), choices=_choices(Outcome))
    words = forms.CharField(
        label=_("In your words"), max_length=2000, required=False, widget=forms.Textarea({"rows": 3})
    )
