"""Codes of reading quality, "system.category.index". Source: IEC 61968-9, Annex D."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from mingdu.wire.exchange.series import Mark

CODE: Final = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,4})", re.ASCII)

# By category; diagnostics, power quality, tampering and collection say nothing against the value itself.
CATEGORIES: Final = {
    0: Mark.MEASURED,
    1: Mark.MEASURED,
    2: Mark.MEASURED,
    3: Mark.MEASURED,
    4: Mark.MEASURED,
    5: Mark.SUSPECT,
    6: Mark.SUSPECT,
    7: Mark.EDITED,
    8: Mark.ESTIMATED,
    10: Mark.SUSPECT,
    11: Mark.MEASURED,
    12: Mark.PROVISIONAL,
}
# Of several codes the gravest counts.
_GRAVITY: Final = (Mark.MEASURED, Mark.PROVISIONAL, Mark.ESTIMATED, Mark.EDITED, Mark.SUSPECT)

# Written for marks that come from elsewhere; 3 is a meter data management system.
CODES: Final = {
    Mark.MEASURED: "3.0.0",
    Mark.ESTIMATED: "3.8.0",
    Mark.EDITED: "3.7.0",
    Mark.PROVISIONAL: "3.12.0",
    Mark.SUSPECT: "3.10.0",
}


def mark_of(codes: Sequence[str]) -> Mark:
    """The gravest mark of some codes; measured for none, suspect for one that is not known."""
    return max((_mark(code) for code in codes), key=_GRAVITY.index, default=Mark.MEASURED)


def _mark(code: str) -> Mark:
    found = CODE.fullmatch(code)
    return CATEGORIES.get(int(found[2]), Mark.SUSPECT) if found else Mark.SUSPECT
