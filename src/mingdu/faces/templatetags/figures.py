"""`{{ code|word }}` and `{{ fen|yuan }}`."""

from __future__ import annotations

from django import template

from mingdu.billing.line_words import in_own_words
from mingdu.core.bill import thousandths_text
from mingdu.core.money import money_text
from mingdu.faces.act_words import thing_words
from mingdu.faces.words import WORDS
from mingdu.faces.writing import yuan_text

register = template.Library()


@register.filter
def word(code: str) -> str:
    """Return the word for a code in the reader's language."""
    return str(WORDS.get(code, code))


@register.filter
def thing(target: str) -> str:
    """Say a code like "bill:7" as "bill 7" in the reader's language."""
    return thing_words(target)


@register.filter
def remark(text: str) -> str:
    """Return a rule's clause or source in the reader's language."""
    return in_own_words(text)


@register.filter
def yuan(amount_fen: int) -> str:
    """Write an amount of fen in yuan."""
    return yuan_text(amount_fen)


@register.filter
def money(amount_fen: int) -> str:
    """Write an amount of fen with the currency's sign."""
    return money_text(amount_fen)


@register.filter
def kwh(energy_wh: int) -> str:
    """Write an energy of Wh in kWh."""
    return thousandths_text(energy_wh)
