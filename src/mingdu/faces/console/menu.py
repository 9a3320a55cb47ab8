"""The desks' menu, group by group, and where the page of each kind of thing is."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from mingdu.base.links import register_link
from mingdu.base.menu import MenuEntry, register_menu

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

TODAY = _("Today")
READING = _("Reading and billing")
SERVICE = _("Service")
SATISFACTION = _("Satisfaction")
SYSTEM = _("System")


def fill_menu() -> None:
    """Register the pages in the order of the menu; those of one group stand together."""
    register_menu(
        _entry(TODAY, _("Today's work"), "house", "work.read_tasks", "home"),
        _entry(TODAY, _("Tasks"), "list-checks", "work.read_tasks", "tasks"),
        _entry(TODAY, _("Live board"), "layout-dashboard", "work.read_tasks", "board"),
        _entry(READING, _("Reading cycles"), "refresh-cw", "rounds.read_cycle", "cycles"),
        _entry(READING, _("Field visits"), "map-pin", "rounds.read_visits", "visits"),
        _entry(READING, _("Reading review"), "activity", "metering.explain_finding", "readings"),
        _entry(READING, _("Losses of areas"), "gauge", "metering.read_balances", "areas"),
        _entry(READING, _("Rule hits"), "list-checks", "metering.explain_finding", "rules"),
        _entry(READING, _("Imports"), "upload", "metering.accept_readings", "imports"),
        _entry(READING, _("Bill runs"), "receipt-text", "billing.read_runs", "runs"),
        _entry(READING, _("Bills"), "receipt", "billing.read", "bills"),
        _entry(READING, _("Payments"), "wallet", "money.read_notices", "payments"),
        _entry(SERVICE, _("Cases"), "headset", "service.read", "cases"),
        _entry(SATISFACTION, _("Callbacks"), "phone-call", "satisfaction.read", "callbacks"),
        _entry(SATISFACTION, _("Times and scores"), "star", "satisfaction.read", "scores"),
        _entry(SYSTEM, _("Outbox"), "send", "notices.read_outbox", "outbox"),
        _entry(SYSTEM, _("Events that failed"), "triangle-alert", "base.read_outbox", "events"),
        _entry(SYSTEM, _("Backups"), "shield-check", "base.read_backups", "backups"),
        _entry(SYSTEM, _("Audit"), "scroll-text", "base.read_audit", "audit"),
        _entry(SYSTEM, _("Users"), "users", "base.administer", "people"),
    )


def fill_links() -> None:
    """Register where the page of each kind of thing is; kinds without a page have no link."""
    register_link("account", lambda number: reverse("console:account_bills", args=(number,)))
    register_link("backups", lambda _which: reverse("console:backups"))
    register_link("bill", lambda number: reverse("console:bill", args=(number,)))
    register_link("bill_run", lambda number: reverse("console:run", args=(number,)))
    register_link("callback", lambda number: reverse("console:callback", args=(number,)))
    register_link("callbacks", lambda _which: reverse("console:callbacks"))
    register_link("case", lambda number: reverse("console:case", args=(number,)))
    register_link("cases", lambda _which: reverse("console:cases"))
    register_link("events", lambda _which: reverse("console:events"))
    register_link("finding", lambda number: reverse("console:finding", args=(number,)))
    register_link("payment_order", lambda number: reverse("console:payment", args=(number,)))
    register_link("person", lambda number: reverse("console:person", args=(number,)))
    register_link("process", lambda number: reverse("console:cycle", args=(number,)))
    register_link("task", lambda number: reverse("console:task", args=(number,)))
    register_link("terminals", lambda _which: reverse("console:silent"))
    register_link("usage_point", lambda code: f"{reverse('console:readings')}?{urlencode({'point': code})}")


def _entry(group: StrOrPromise, label: StrOrPromise, icon: str, verb: str, page: str) -> MenuEntry:
    # The menu turns both words into text when it is shown, in the reader's language.
    return MenuEntry(cast(str, group), cast(str, label), icon, verb, lambda: reverse(f"console:{page}"))
