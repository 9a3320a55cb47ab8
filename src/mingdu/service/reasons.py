"""Why a bill was corrected, in the customer's own language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

# Languages of customers and their names in the catalogues.
CATALOGUES = {"zh": "zh-hans", "en": "en"}
# Reasons of proposals that the system itself makes.
REASONS = {
    "reread": _("the meter was read again on the spot and shows another value than the bill"),
    "reading_corrected": _("a reading that the bill was made from was corrected"),
}


def reason_text(reason: str, language: str) -> str:
    """Return the words for a correction's reason; a colleague's own words are told as he wrote them."""
    with override(CATALOGUES[language]):
        return str(REASONS.get(reason, reason))
