"""How much, and over which channel."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mingdu.faces.words import WORDS
from mingdu.money.payment_words import Channel

AMOUNT = r"^[0-9]{1,9}(\.[0-9]{1,2})?$"
CHANNELS: list[tuple[str, Any]] = [(channel.value, WORDS[channel.value]) for channel in Channel]


class PayForm(forms.Form):
    """How much, and over which channel."""

    amount = forms.RegexField(
        AMOUNT,
        label=_("Amount in yuan"),
        help_text=_("You may pay a part; what is more than owed stands in your favour."),
        error_messages={
            "invalid": _("An amount has digits and at most two decimals, for example 139.27."),
            "required": _("How much do you want to pay?"),
        },
        widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
    )
    channel = forms.ChoiceField(
        label=_("Pay with"),
        choices=CHANNELS,
        initial=Channel.WECHAT.value,
        widget=forms.RadioSelect({"class": "radio radio-primary"}),
    )
