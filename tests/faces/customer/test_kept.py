"""Parts of pages that are kept: made once, and anew as soon as anything under them has changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core.cache import caches
from django.db import connection

from faces.customer.browsers import customer_browser, page
from faces.customer.test_use import NEW_DAYS, point, read, shown_at
from faces.small_utility import OWN, Utility
from mingdu.base.database import reading_connection
from mingdu.billing.fingerprint import fingerprint_of_account
from mingdu.customers.models import Account
from mingdu.customers.queries import fingerprint_of_agreements
from mingdu.faces.customer.views import bills, use
from mingdu.faces.kept import kept
from mingdu.metering.queries import fingerprint_of_point, fingerprint_of_totals

pytestmark = pytest.mark.database

NEW_YEAR = date(2027, 1, 1)


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    caches["parts"].clear()


def test_a_part_is_made_once_for_what_it_was_made_from() -> None:
    made: list[int] = []

    def make() -> str:
        made.append(1)
        return f"<p>{len(made)}</p>"

    assert [kept("part", (1, "a"), make) for _ in range(3)] == ["<p>1</p>"] * 3
    assert kept("part", (1, "b"), make) == "<p>2</p>"
    assert kept("other", (1, "a"), make) == "<p>3</p>"


def test_the_first_page_is_made_once_and_again_with_a_new_reading(
    utility: Utility, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[date] = []
    daily_use = use.daily_use
    monkeypatch.setattr(use, "daily_use", lambda *days: made.append(days[1]) or daily_use(*days))
    browser = customer_browser()
    first = page(browser, "/m/")
    assert page(browser, "/m/") == first
    assert len(made) == 1
    latest = shown_at(NEW_YEAR)
    read(NEW_YEAR + timedelta(days=1), {code: latest[code] + NEW_DAYS[code][0] for code in NEW_DAYS})
    assert page(browser, "/m/") != first
    assert len(made) == 2


def test_the_list_of_bills_is_made_once_and_again_with_a_new_bill(
    utility: Utility, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    months_of_account = bills.months_of_account
    monkeypatch.setattr(
        bills, "months_of_account", lambda *of, **at: made.append(1) or months_of_account(*of, **at)
    )
    browser = customer_browser()
    before, first = fingerprint_of_account(own_account()), page(browser, "/m/bills/")
    assert page(browser, "/m/bills/") == first
    assert len(made) == 1
    utility.issue_december()
    assert fingerprint_of_account(own_account()) != before
    assert "2026-12" in page(browser, "/m/bills/")
    assert len(made) == 2


def test_each_language_has_its_own(utility: Utility) -> None:
    browser = customer_browser()
    pages = [
        browser.get("/m/", headers={"Accept-Language": language}).content for language in ("zh", "en", "zh")
    ]
    assert pages[0] == pages[2] != pages[1]


def own_account() -> int:
    return int(Account.objects.get(account_number=OWN).pk)


def fingerprints() -> tuple[object, ...]:
    return (
        fingerprint_of_account(own_account()),
        fingerprint_of_agreements(point()),
        fingerprint_of_point(reading_connection(), point(), NEW_YEAR, NEW_YEAR),
    )


def test_the_totals_change_with_their_readings_and_installations_alone(utility: Utility) -> None:
    def fingerprint() -> object:
        return fingerprint_of_totals(reading_connection(), point(), NEW_YEAR, NEW_YEAR)

    seen = [fingerprint()]
    for name in ("a curve comes in", "a register is read anew", "the multiplier changes"):
        CHANGES[name](utility)
        seen.append(fingerprint())
    assert seen[0] == seen[1]
    assert len(set(seen[1:])) == 3


def execute(statement: str) -> Callable[[Utility], None]:
    def change(utility: Utility) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"point": point(), "account": OWN})
            assert cursor.rowcount == 1

    return change


CHANGES = {
    "a correction is proposed": execute(
        "INSERT INTO billing_correction (bill_id, account_id, reason, difference_fen, proposed_by,"
        " proposed_at, approved_by) SELECT 1, id, 'reading_error', 0, 'person:1', now(), ''"
        " FROM customers_account WHERE account_number = %(account)s"
    ),
    "a register is read anew": execute(
        "UPDATE metering_registerreading SET digits = digits + 1 WHERE usage_point_id = %(point)s"
        " AND register = 0 AND read_at = '2026-12-31 16:00+00'"
    ),
    "a curve comes in": execute(
        "INSERT INTO metering_curve SELECT '2027-01-01', %(point)s, 1, coalesce(max(version), 0) + 1, 1, 1,"
        " now(), '\\x00', NULL FROM metering_curve WHERE usage_point_id = %(point)s AND day = '2027-01-01'"
    ),
    "the multiplier changes": execute(
        "UPDATE metering_installation SET multiplier = multiplier + 1 WHERE usage_point_id = %(point)s"
    ),
    "the capacity changes": execute(
        "UPDATE metering_usagepoint SET capacity_w = capacity_w + 1 WHERE id = %(point)s"
    ),
    "the tariff changes": execute(
        "UPDATE customers_agreement SET tariff = 'other' WHERE usage_point_id = %(point)s"
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_under_a_page_shows(utility: Utility, change: Callable[[Utility], None]) -> None:
    before = fingerprints()
    assert fingerprints() == before
    change(utility)
    assert fingerprints() != before
