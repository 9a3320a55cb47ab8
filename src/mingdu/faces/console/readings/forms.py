"""What a colleague says about a finding."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mingdu.core.registers import Register
from mingdu.faces.words import WORDS
from mingdu.metering.operations import Explanation

START, END = "start", "end"


class ExplanationForm(forms.Form):
    """What turned out to be behind a finding."""

    reason = forms.ChoiceField(
        label=_("What is behind it"), choices=[(reason.value, WORDS[reason.value]) for reason in Explanation]
    )
    note = forms.CharField(
        label=_("In your words"), max_length=2000, widget=forms.Textarea({"rows": 3}),
        help_text=_("What you saw or were told; it stays with the reading."),
    )  # fmt: skip


class EditForm(forms.Form):
    """A register's value as it is known to be right."""

    register = forms.ChoiceField(label=_("Register"))
    end = forms.ChoiceField(
        label=_("Which reading"), choices=[(START, _("at the start of the day")), (END, _("at its end"))]
    )
    value = forms.CharField(
        label=_("Value as the register shows it"),
        max_length=15,
        widget=forms.TextInput({"inputmode": "decimal"}),
    )
    words = forms.CharField(label=_("Why"), max_length=500)

    def __init__(self, registers: list[Register], data: Any = None) -> None:
        """Offer the registers of the point."""
        super().__init__(data, initial={"end": END})
        choices = [(register.name, WORDS[register.name]) for register in registers]
        self.fields["register"] = forms.ChoiceField(label=_("Register"), choices=choices)
