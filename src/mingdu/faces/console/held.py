"""An account that a check held back, with the figures in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from mingdu.billing.run_checks import HeldRow
from mingdu.core.bill import thousandths_text


@dataclass(frozen=True)
class HeldShown:
    """A held account; `figures` says why in figures, empty where the check's name says all."""

    account_number: str
    check: str
    figures: str


def held_shown(row: HeldRow, account_number: str) -> HeldShown:
    """Return a held account as lists show it."""
    return HeldShown(account_number, row.check_name, _figures(row.values))


def _figures(values: dict[str, Any]) -> str:
    if "month_before_wh" in values:
        return _("%(now)s kWh, the month before %(before)s kWh") % {
            "now": thousandths_text(values["energy_wh"]),
            "before": thousandths_text(values["month_before_wh"]),
        }
    if "most_wh" in values:
        return _("%(now)s kWh, at most %(most)s kWh are possible") % {
            "now": thousandths_text(values["energy_wh"]),
            "most": thousandths_text(values["most_wh"]),
        }
    if "missing_minutes" in values:
        return _("%(count)s minutes of the curve are missing") % {"count": values["missing_minutes"]}
    if "estimated_minutes" in values:
        return _("%(count)s minutes of the curve are estimated") % {"count": values["estimated_minutes"]}
    if "missing" in values:
        return _("%(count)s registers are missing") % {"count": values["missing"]}
    return str(values.get("tariff", ""))
