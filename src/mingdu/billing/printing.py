"""The printed bill (纸质账单): one A4 page as PDF, the same bytes for the same bill."""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.conf import settings
from django.utils.translation import get_language, override

from mingdu.base.actors import Actor
from mingdu.customers.binding import bill_code
from mingdu.customers.queries import account_by_id
from mingdu.errors import TradeError

from .account_bills import AccountBills, bills_beside
from .compare import comparison
from .document import bill_document
from .months import Month, thirteen_months
from .period import month_before
from .printed_page import Holder, Printed, page_of
from .rows import REVERSAL, BillRow

TEMPLATE = Path(__file__).parent / "print" / "bill.typ"
FONT_FOLDER = Path("web", "node_modules", "@expo-google-fonts", "noto-sans-sc")
FONT_FILES = ("400Regular/NotoSansSC_400Regular.ttf", "700Bold/NotoSansSC_700Bold.ttf")


class FontNotInstalled(TradeError):
    """The font of printed bills is not there; without it a page would look different on every machine."""

    next_step = "run `make setup`"


def bill_pdf(by: Actor, bill_id: int, *, now: datetime, language: str | None = None) -> bytes:
    """
    Print one issued bill on one A4 page.

    The same bill gives the same bytes: months and comparison are as they were known when it was issued, and
    the document's time is that of the issue. Only a later correction changes the page, which then says so.

    language  "zh-hans" or "en"; None: the one in force
    raises    UnknownBill, the same for a foreign bill; NotPermitted; BillNotReproduced; FontNotInstalled
    Call it outside a transaction: one that the error rolls back would take the audit row along.
    """
    bills = bills_beside(by, bill_id, now=now)
    with override(language or get_language()):
        page = page_of(printed_bill(bills, bills.of(bill_id)))
    return compile_page(page, bills.issued_at[bill_id], settings.ENVIRONMENT.checkout)


def compile_page(page: dict[str, Any], issued_at: datetime, checkout: Path) -> bytes:
    """Set a page's words and figures; fonts of the machine are not looked at. Raises FontNotInstalled."""
    return typst.compile(
        TEMPLATE,
        root=TEMPLATE.parent,
        font_paths=_fonts(checkout),
        sys_inputs={"bill": json.dumps(page, ensure_ascii=False)},
        timestamp=int(issued_at.timestamp()),
        pdf_standards="ua-1",
    )


def printed_bill(bills: AccountBills, row: BillRow) -> Printed:
    """Gather what the page of a bill is made from; the account's door was asked before."""
    account, issued_at = account_by_id(row.account_id), bills.issued_at[row.id]
    before = bills.standing(month_before(row.period_from), issued_at)
    return Printed(
        row=row,
        # A reversal's own document carries no readings; those of the bill that it takes back are printed.
        document=bill_document(row) | {"input": bill_document(_with_readings(bills, row))["input"]},
        holder=Holder(
            account.account_number,
            account.customer_name,
            account.service_location,
            bill_code(account.account_number, account.customer_id, f"{row.period_from:%Y-%m}"),
        ),
        issued_at=issued_at,
        replaces=bills.of(row.of_bill_id) if row.of_bill_id else None,
        replaced_by=bills.replacement(row.id) if row.kind != REVERSAL else None,
        months=_months(bills, row, issued_at),
        comparison=comparison(before, row),
    )


@cache
def _fonts(checkout: Path) -> typst.Fonts:
    files = [checkout / FONT_FOLDER / name for name in FONT_FILES]
    for file in files:
        if not file.is_file():
            raise FontNotInstalled(f"no font {file.name}", font=file.name)
    folders = [file.parent for file in files]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


def _with_readings(bills: AccountBills, row: BillRow) -> BillRow:
    return bills.of(row.of_bill_id) if row.kind == REVERSAL else row


def _months(bills: AccountBills, row: BillRow, known_at: datetime) -> tuple[Month, ...]:
    """Return the thirteen months that end with the bill's own, as they were known when it was issued."""
    own = _with_readings(bills, row)

    def bill_of(first_day: date) -> BillRow | None:
        return own if first_day == row.period_from else bills.standing(first_day, known_at)

    return thirteen_months(bill_of, row.usage_point_id, row.period_from, known_at)
