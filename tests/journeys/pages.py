"""Every page with who opens it: for axe, for both sizes, for the pictures of `make shots`."""

from __future__ import annotations

from dataclasses import dataclass

HOME = "0530100042"


@dataclass(frozen=True)
class PageOf:
    """
    One page.

    name   of its picture
    who    login of a colleague, or "home", "shop", "factory" for a customer, or "" for nobody
    path   where it is
    then   selectors clicked one after the other to come to it from `path`, as a person would
    """

    name: str
    who: str
    path: str
    then: tuple[str, ...] = ()


def _customer() -> tuple[PageOf, ...]:
    bill = ("main a[href*='/bills/']",)
    receipt = ("main a[href*='/receipts/2']",)
    return (
        PageOf("customer-sign-in", "", "/m/sign-in/"),
        PageOf("customer-home", "home", "/m/"),
        PageOf("customer-day", "home", "/m/day/2026-12-20/"),
        PageOf("customer-bills", "home", "/m/bills/"),
        PageOf("customer-bill", "home", "/m/bills/", bill),
        PageOf("customer-bill-factory", "factory", "/m/bills/", bill),
        PageOf("customer-compare", "home", "/m/bills/", (*bill, "main a[href*='/compare/']")),
        PageOf("customer-pay", "factory", "/m/pay/"),
        PageOf("pay-gateway", "home", "/m/pay/", ("main form .btn-primary",)),
        # The order that the page before it made waits for half an hour.
        PageOf("pay-waiting", "home", "/m/pay/", ("main a[href*='/pay/order/']",)),
        PageOf("pay-doubtful", "factory", "/m/receipts/", ("main a[href*='/pay/order/']",)),
        PageOf("customer-receipts", "factory", "/m/receipts/"),
        PageOf("receipt", "factory", "/m/receipts/", receipt),
        PageOf("receipt-print", "factory", "/m/receipts/", (*receipt, "main a[href$='/print/']")),
        PageOf("customer-repair", "home", "/m/repair/"),
        PageOf("customer-cases", "home", "/m/cases/"),
        PageOf("customer-case", "home", "/m/cases/", ("main a[href*='/cases/2']",)),
        PageOf("customer-new-case", "home", "/m/cases/new/?kind=bill_too_high"),
        PageOf("customer-inbox", "home", "/m/inbox/"),
        PageOf("customer-me", "home", "/m/me/"),
        PageOf("customer-bind", "home", "/m/me/bind/"),
    )


def _desk() -> tuple[PageOf, ...]:
    payment = ("tbody a[href*='/payments/2']",)
    return (
        PageOf("desk-sign-in", "", "/console/sign-in/"),
        *(
            PageOf(f"today-{who}", who, "/console/")
            for who in ("clerk", "agent", "reader", "engineer", "manager", "admin")
        ),
        PageOf("tasks", "clerk", "/console/tasks/"),
        PageOf("readings", "clerk", "/console/readings/"),
        PageOf("finding", "clerk", "/console/readings/", ("main a[data-open]",)),
        PageOf("runs", "clerk", "/console/runs/"),
        PageOf("run", "manager", "/console/runs/", ("main a[href*='/runs/']:not([href$='/new/'])",)),
        PageOf("new-run", "clerk", "/console/runs/new/"),
        PageOf("bills", "clerk", "/console/bills/?q=05301"),
        PageOf("account-bills", "clerk", f"/console/accounts/{HOME}/bills/"),
        PageOf("bill", "clerk", f"/console/accounts/{HOME}/bills/", ("main a[href*='/console/bills/']",)),
        PageOf("payments", "manager", "/console/payments/"),
        PageOf("payment-doubtful", "manager", "/console/payments/?state=doubtful", payment),
        PageOf("payment-paid", "manager", "/console/payments/?state=paid", payment),
        PageOf("payment-notices", "manager", "/console/payments/notices/"),
        PageOf(
            "payment-notice",
            "manager",
            "/console/payments/notices/",
            ("tbody a[href*='/payments/notices/']",),
        ),
        PageOf("cases", "agent", "/console/cases/?state=closed"),
        PageOf("case", "agent", "/console/cases/?state=closed", ("main a[href*='/cases/2']",)),
        PageOf("callbacks", "agent", "/console/callbacks/"),
        PageOf("scores", "agent", "/console/callbacks/scores/"),
        PageOf("board", "manager", "/console/board/"),
        PageOf("cycles", "manager", "/console/cycles/"),
        PageOf("visits", "clerk", "/console/visits/"),
        PageOf("rules", "engineer", "/console/rules/"),
        PageOf("rule", "engineer", "/console/rules/SPIKE/"),
        PageOf("imports", "engineer", "/console/imports/"),
        PageOf("backups", "admin", "/console/backups/"),
        PageOf("areas", "manager", "/console/areas/?month=2026-12"),
        PageOf("area", "manager", "/console/areas/?month=2026-12", ("tbody a",)),
        PageOf("outbox", "admin", "/console/outbox/"),
        PageOf("events", "admin", "/console/events/"),
        PageOf("audit", "admin", "/console/audit/"),
        PageOf("people", "admin", "/console/people/"),
        PageOf("person", "admin", "/console/people/", ("main a[href*='/people/']:not([href$='/new/'])",)),
        PageOf("new-person", "admin", "/console/people/new/"),
        PageOf("units", "admin", "/console/units/"),
    )


PAGES = (PageOf("first", "", "/"), *_customer(), *_desk())
