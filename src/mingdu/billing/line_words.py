"""Words for the lines of a bill (费用项目), by line id: `tier.1`, `purchase.PEAK`, `power_factor`."""

from __future__ import annotations

import re

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from mingdu.core.registers import Register

CHARGES = {
    "purchase": _("Electricity purchased by the utility"),
    "line_loss": _("Upstream line losses"),
    "transmission": _("Transmission and distribution"),
    "system_fee": _("System operation"),
    "levy": _("Government funds and surcharges"),
    "capacity": _("Basic charge by capacity"),
    "demand": _("Basic charge by demand"),
    "power_factor": _("Power-factor adjustment"),
}
TIERS = {"1": _("First tier"), "2": _("Second tier"), "3": _("Third tier"), "4": _("Fourth tier")}
REGISTERS = {
    Register.TOTAL: _("total"),
    Register.SHARP: _("sharp"),
    Register.PEAK: _("peak"),
    Register.FLAT: _("flat"),
    Register.VALLEY: _("valley"),
    Register.DEEP: _("deep valley"),
    Register.REACTIVE_FORWARD: _("reactive, forward"),
    Register.REACTIVE_REVERSE: _("reactive, reverse"),
    Register.DEMAND: _("demand"),
}

# How rule files write a clause or source: English, then the Chinese in brackets at the end.
BOTH = re.compile(r"(?P<english>.*\S) \((?P<chinese>[^()]*[\u4e00-\u9fff][^()]*)\)")


def in_own_words(text: str) -> str:
    """Return the half of a rule's remark that is in the reader's language; one without halves as it is."""
    both = BOTH.fullmatch(text)
    if both is None:
        return text
    return both["chinese" if (get_language() or "").startswith("zh") else "english"]


def line_words(line_id: str) -> str:
    """Return the words for a line in the reader's language; an id that is not known is shown as it is."""
    name, _dot, part = line_id.partition(".")
    if name == "tier":
        return str(TIERS.get(part, line_id))
    if part in Register.__members__ and name in CHARGES:
        words = {"charge": CHARGES[name], "period": REGISTERS[Register[part]]}
        return gettext("%(charge)s, %(period)s") % words
    return str(CHARGES.get(name, line_id))
