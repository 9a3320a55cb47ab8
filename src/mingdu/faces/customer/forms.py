"""What customers type in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from mingdu.faces.words import WORDS
from mingdu.service.operations import CaseKind, Outcome

MOST_PHOTOS = 3
NAME_CHARACTERS = 100
# Every kind but the repair, which has a page of its own.
QUESTIONS = (CaseKind.BILL_TOO_HIGH, CaseKind.READING_WRONG, CaseKind.ENQUIRY)


def _choices(codes: Iterable[CaseKind | Outcome]) -> list[tuple[str, Any]]:
    return [(code.value, WORDS[code.value]) for code in codes]


class PhoneForm(forms.Form):
    """The phone to which a code goes."""

    phone = forms.RegexField(
        r"^[0-9+ -]{3,20}$",
        label=_("Phone"),
        help_text=_("The number that the utility has on file for you."),
        error_messages={"invalid": _("A phone number has digits only, for example 13800000042.")},
        widget=forms.TextInput({"inputmode": "tel", "autocomplete": "tel-national"}),
    )


class CodeForm(forms.Form):
    """The code that came, and the phone that it came to."""

    phone = forms.CharField(max_length=20, widget=forms.HiddenInput)
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        help_text=_("Six digits, from the message."),
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


class BindForm(forms.Form):
    """An account number, and what proves that one belongs to it."""

    account_number = forms.RegexField(
        r"^[0-9A-Za-z-]{1,20}$",
        label=_("Account number"),
        help_text=_("It stands at the top of every bill."),
        error_messages={"invalid": _("An account number has digits only, for example 0530100042.")},
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )
    proof = forms.CharField(
        label=_("Holder's name, or the code on a bill"),
        max_length=100,
        help_text=_("One of the two: the name as it stands on the bill, or the eight digits at its end."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )


class PhotosInput(forms.FileInput):
    """Takes several files at once."""

    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Files that go with a case; what they really are is asked where they are stored."""

    widget = PhotosInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        """Return the files that were chosen, none included."""
        files = data if isinstance(data, list) else [data] if data else []
        if len(files) > MOST_PHOTOS:
            raise forms.ValidationError(_("Three photos at most."))
        return [super(PhotosField, self).clean(file, initial) for file in files]


class CaseForm(forms.Form):
    """What is wrong, with which account and bill."""

    account = forms.CharField(label=_("Account"), max_length=20, widget=forms.Select)
    bill_id = forms.IntegerField(
        label=_("Which bill?"), required=False, min_value=1, max_value=2**63 - 1, widget=forms.Select
    )
    kind = forms.ChoiceField(
        label=_("What is it about?"),
        choices=_choices(CaseKind),
        widget=forms.RadioSelect({"class": "radio radio-primary"}),
    )
    words = forms.CharField(label=_("In your words"), max_length=2000, widget=forms.Textarea({"rows": 5}))
    photos = PhotosField(
        label=_("Photos"),
        required=False,
        help_text=_("JPEG, PNG or PDF, three at most, 8 MB each. A photo of the meter helps most."),
        widget=PhotosInput({"accept": "image/jpeg,image/png,application/pdf"}),
    )

    def offer(self, accounts: list[tuple[str, str]], bills: list[tuple[str, str]]) -> None:
        """Set what can be chosen: accounts and bills as (value, words); nothing to choose is not asked."""
        self.fields["account"].widget.choices = accounts
        self.fields["bill_id"].widget.choices = [("", _("none in particular")), *bills]
        self.fields["kind"].choices = _choices(QUESTIONS)  # type: ignore[attr-defined]
        if len(accounts) == 1:
            self.fields["account"].widget = forms.HiddenInput()
            self.initial["account"] = accounts[0][0]
        if not bills:
            self.fields["bill_id"].widget = forms.HiddenInput()

    def only_repair(self) -> None:
        """Ask for a repair: there is no other kind, and no bill that it is about."""
        self.fields["kind"].choices = _choices([CaseKind.REPAIR_REQUEST])  # type: ignore[attr-defined]
        self.fields["kind"].widget = forms.HiddenInput()
        self.initial["kind"] = CaseKind.REPAIR_REQUEST.value
        self.fields["bill_id"].widget = forms.HiddenInput()


class CloseForm(forms.Form):
    """Whether it is solved."""

    outcome = forms.ChoiceField(
        label=_("Is it solved?"),
        choices=_choices(Outcome),
        widget=forms.RadioSelect({"class": "radio radio-primary"}),
    )
    words = forms.CharField(
        label=_("In your words"), max_length=2000, required=False, widget=forms.Textarea({"rows": 3})
    )
