"""What holds on every page of a customer: no script in it, one first heading, a label at every field."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from faces.customer.browsers import customer_browser, page
from faces.small_utility import OWN, Utility

pytestmark = pytest.mark.database

PATHS = (
    "/m/", "/m/?days=60", "/m/day/2026-12-20/", "/m/bills/", "/m/bills/{bill}/", "/m/bills/{bill}/compare/",
    "/m/repair/", "/m/cases/", "/m/cases/new/", "/m/cases/{case}/", "/m/inbox/", "/m/me/", "/m/me/bind/",
    "/m/sign-in/",
)  # fmt: skip


@pytest.fixture(scope="module")
def numbers(utility: Utility) -> dict[str, str]:
    utility.issue_december()
    asked = utility.post("cases", "customer", {"account": OWN, "kind": "enquiry", "words": "when?"})
    return {"bill": str(utility.bill_of(OWN)), "case": asked.json()["number"]}


@pytest.fixture
def customer(numbers: dict[str, str]) -> Client:
    return customer_browser()


@pytest.mark.parametrize("path", PATHS)
def test_no_page_carries_script_or_style(customer: Client, numbers: dict[str, str], path: str) -> None:
    shown = page(customer, path.format(**numbers))
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|javascript:", shown)
    assert not re.search(r"(src|href)=\"https?:", shown)


@pytest.mark.parametrize("path", PATHS)
def test_every_page_has_one_first_heading_and_no_level_is_left_out(
    customer: Client, numbers: dict[str, str], path: str
) -> None:
    levels = [int(level) for level in re.findall(r"<h([1-6])", page(customer, path.format(**numbers)))]
    assert levels[0] == 1 and levels.count(1) == 1 and set(levels) <= {1, 2}


@pytest.mark.parametrize("path", PATHS)
def test_every_field_has_a_label(customer: Client, numbers: dict[str, str], path: str) -> None:
    shown = page(customer, path.format(**numbers))
    fields = re.findall(r"<(?:input|select|textarea)\b[^>]*>", shown)
    for field in (each for each in fields if 'type="hidden"' not in each and 'type="radio"' not in each):
        found = re.search(r'id="([^"]+)"', field)
        assert found and f'for="{found[1]}"' in shown, field


@pytest.mark.parametrize("path", [path for path in PATHS if path != "/m/sign-in/"])
def test_nobody_reads_a_page_without_signing_in(numbers: dict[str, str], path: str) -> None:
    answer = Client().get(path.format(**numbers))
    assert answer.status_code == 302 and answer.headers["Location"].startswith("/m/sign-in/?next=")


@pytest.mark.parametrize(
    "path", ["me/bind/", "me/unbind/", "me/print/", "repair/", "cases/new/", "sign-out/"]
)
def test_a_form_of_a_foreign_page_is_refused(utility: Utility, path: str) -> None:
    assert Client(enforce_csrf_checks=True).post(f"/m/{path}", {}).status_code == 403
