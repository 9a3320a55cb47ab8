"""What a colleague writes on a case."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

MOST_CHARACTERS = 2000


class AnswerForm(forms.Form):
    """An answer to the customer."""

    words = forms.CharField(
        label=_("Answer to the customer"), max_length=MOST_CHARACTERS, widget=forms.Textarea({"rows": 4}),
        help_text=_("He reads it in his inbox and in the case, exactly as you write it."),
    )  # fmt: skip


class ProposalForm(forms.Form):
    """Why a bill has to be corrected."""

    reason = forms.CharField(
        label=_("Reason"), max_length=200,
        help_text=_("The customer reads it when another colleague has approved the correction."),
    )  # fmt: skip
