"""What is looked for among payments, and how one that does not fit its order is settled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mingdu.base.actors import Actor
from mingdu.customers.search import find_accounts
from mingdu.metering.zone import midnight
from mingdu.money.payment_words import MismatchOutcome, NoticeVerdict, OrderState
from mingdu.money.queries.desk import PaymentFilter

from .shown import STATES, VERDICTS

# More accounts than that are no search but a list.
MOST_ACCOUNTS = 500


class SpanForm(forms.Form):
    """What lists of payments are filtered by; an empty field leaves its question out."""

    account = forms.CharField(label=_("Account or name"), max_length=40, required=False)
    first = forms.DateField(label=_("From"), required=False, widget=forms.DateInput({"type": "date"}))
    last = forms.DateField(label=_("To"), required=False, widget=forms.DateInput({"type": "date"}))

    def wanted(self, by: Actor) -> PaymentFilter:
        """Return the filter; a field that does not fit says so, the others filter all the same."""
        self.is_valid()
        said = self.cleaned_data
        first, last, account = said.get("first"), said.get("last"), said.get("account", "").strip()
        found = find_accounts(by, account)[:MOST_ACCOUNTS] if account else None
        return PaymentFilter(
            said.get("state", ""), said.get("verdict", ""),
            None if found is None else [row.pk for row in found],
            midnight(first) if first else None,
            midnight(last + timedelta(days=1)) if last else None,
        )  # fmt: skip


class OrderFilterForm(SpanForm):
    """What payment orders are filtered by."""

    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("All states")), *((state.value, STATES[state][0]) for state in OrderState)],
    )
    field_order = ("state",)


class NoticeFilterForm(SpanForm):
    """What notices are filtered by."""

    verdict = forms.ChoiceField(
        label=_("What was made of it"),
        required=False,
        choices=[
            ("", _("All notices")),
            *((verdict.value, VERDICTS[verdict][0]) for verdict in NoticeVerdict),
        ],
    )
    field_order = ("verdict",)


class SettlementForm(forms.Form):
    """What became of the money of a payment that does not fit its order."""

    notice = forms.IntegerField(widget=forms.HiddenInput)
    outcome = forms.TypedChoiceField(
        label=_("What the gateway's statement shows"),
        coerce=MismatchOutcome,
        choices=[
            ("", _("Please choose")),
            (MismatchOutcome.BOOKED.value, _("the money came in: book it as it came")),
            (MismatchOutcome.RETURNED.value, _("it was sent back to the payer: nothing is booked")),
            (MismatchOutcome.UNFOUNDED.value, _("no money came in: nothing is booked")),
        ],
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=1000, widget=forms.Textarea({"rows": 3}),
        help_text=_("What you compared and found; it stays with the payment."),
    )  # fmt: skip

    def __init__(self, notice_id: int, data: Any = None) -> None:
        """Settle this notice; several forms of one page do not share the names of their fields."""
        super().__init__(data, initial={"notice": notice_id}, auto_id=f"settle-{notice_id}-%s")
