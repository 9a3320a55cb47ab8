"""The list of bills, one bill explained to the reading and the clause, the comparison, the printed page."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils.translation import override

from faces.customer.browsers import OTHER_PHONE, colleague_browser, customer_browser, page, told
from faces.customer.thread import correct_bill
from faces.small_utility import FOREIGN, OWN, Utility
from mingdu.base.models import AuditEntry
from mingdu.billing.compare import Cause, Comparison, EnergyComparison
from mingdu.billing.line_words import in_own_words, line_words
from mingdu.billing.months import Month
from mingdu.customers.binding import bill_code
from mingdu.customers.models import Account
from mingdu.faces.customer.drawings import months_chart
from mingdu.faces.customer.views.bills import compared

pytestmark = pytest.mark.database

SHOP = "0530100001"


@pytest.fixture(scope="module")
def billed(utility: Utility) -> Utility:
    utility.issue_december()
    return utility


@pytest.fixture
def customer(billed: Utility) -> Client:
    return customer_browser()


def test_a_bill_says_every_line_with_its_readings_and_clause(customer: Client, billed: Utility) -> None:
    number = billed.bill_of(OWN)
    document = billed.get(f"bills/{number}", "customer").json()
    said = told(customer, f"/m/bills/{number}/")
    assert "¥161.50" in said and "310 度" in said and "2026-12-01 00:00 – 2027-01-01 00:00" in said
    for line in document["lines"]:
        with override("zh-hans"):
            assert in_own_words(line["clause"]) in said and in_own_words(line["source"]) in said
        assert f"{line['quantity']} 度 × {line['price']} 元 = ¥{line['amount']}" in said
    for reading in document["input"]["readings"]:
        assert f"总 实测 {reading['from']} {reading['to']} {reading['multiplier']}" in said
    assert "第一档电费（0–170 度）" in said and "第三档电费（260 度以上）" in said
    assert "起码 12-01 00:00" in said and "止码 01-01 00:00" in said
    assert "未核实" in said and "各行合计 ¥161.50" in said


def test_a_bill_says_by_when_it_is_to_be_paid_and_carries_its_code(customer: Client, billed: Utility) -> None:
    said = told(customer, f"/m/bills/{billed.bill_of(OWN)}/")
    code = bill_code(OWN, Account.objects.get(account_number=OWN).customer_id, "2026-12")
    assert "缴费截止 2027-01-19" in said and f"{code[:4]} {code[4:]}" in said


def test_marks_prices_that_no_source_gives(billed: Utility) -> None:
    number = billed.bill_of(SHOP)
    document = billed.get(f"bills/{number}", "clerk").json()
    demo = [line for line in document["lines"] if line.get("note") == "演示价"]
    said = told(colleague_browser("clerk"), f"/m/bills/{number}/")
    assert said.count("演示价") == len(demo) > 0
    with override("zh-hans"):
        assert "已核实" in said and line_words("purchase.PEAK") in said


def test_colleagues_do_not_read_the_code_of_a_bill(billed: Utility) -> None:
    assert "账单码" not in page(colleague_browser("clerk"), f"/m/bills/{billed.bill_of(OWN)}/")


def test_the_list_shows_bills_and_thirteen_months(customer: Client, billed: Utility) -> None:
    shown, said = page(customer, "/m/bills/"), told(customer, "/m/bills/")
    assert f'href="/m/bills/{billed.bill_of(OWN)}/"' in shown and "应付 ¥161.50" in said
    assert shown.count('<th scope="row">') == 13 and '<th scope="row">25-12</th>' in shown
    assert '<th scope="row">26-12</th><td class="figures">310</td>' in shown


def test_without_a_month_before_there_is_nothing_to_compare(customer: Client, billed: Utility) -> None:
    assert "没有可比较的账单" in page(customer, f"/m/bills/{billed.bill_of(OWN)}/compare/")


@pytest.mark.parametrize(
    ("after_fen", "causes", "words"),
    [
        (13_000, (("energy", 2_500), ("days", 500)), "+30.00 元 比上月多"),
        (9_000, (("energy", -1_500), ("days", 500)), "-10.00 元 比上月少"),
        (10_000, (), "0.00 元 与上月持平"),
    ],
)
def test_a_comparison_shows_causes_that_sum_to_the_difference(
    after_fen: int, causes: tuple[tuple[str, int], ...], words: str
) -> None:
    found = Comparison(
        7, 10_000, after_fen, tuple(Cause(code, f"because of {code}", fen) for code, fen in causes)
    )
    with override("zh-hans"):
        shown = render_to_string("faces/customer/compare.html", {"bill_id": 8, **compared(found)})
    said = " ".join(re.sub(r"<[^>]+>", " ", shown).split())
    assert words in said and "¥100.00" in said and "合计差额" in said
    assert all(f"because of {code}" in said for code, _ in causes)
    assert shown.count("<progress") == len(causes)


def test_beside_a_month_without_a_bill_only_the_energy_is_compared() -> None:
    energy = EnergyComparison(date(2026, 11, 1), 309_300, True, 310_000)
    with override("zh-hans"):
        shown = render_to_string(
            "faces/customer/compare.html", {"bill_id": 8, "energy": energy, **compared(None)}
        )
    said = " ".join(re.sub(r"<[^>]+>", " ", shown).split())
    assert "2026-11 没有账单，该月电费无从得知" in said and "¥" not in said
    assert "+0.7 度" in said and "309.3 度" in said and "310 度" in said and "估算" in said


def test_months_that_only_the_registers_know_are_marked() -> None:
    months = [Month(date(2026, 11, 1), 309_300, True, False), Month(date(2026, 12, 1), 310_000, False, True)]
    with override("zh-hans"):
        chart = months_chart(months)
        assert chart is not None and chart.names == ("已出账", "仅有示数、未出账")
    assert chart.rows == [("26-11", ["–", "309.3"]), ("26-12", ["310", "–"])]
    assert 'class="hatch"' in chart.svg and 'class="s2"' in chart.svg
    assert months_chart([Month(date(2026, 12, 1), None, False, False)]) is None


def test_the_printed_page_is_a_pdf(customer: Client, billed: Utility) -> None:
    number = billed.bill_of(OWN)
    answer = customer.get(f"/m/bills/{number}/pdf/")
    assert answer.headers["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF-")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="bill-{number}.pdf"'


@pytest.mark.parametrize("part", ["", "compare/", "pdf/"])
def test_a_foreign_bill_is_not_there(billed: Utility, customer: Client, part: str) -> None:
    number = billed.bill_of(FOREIGN)
    answers = [customer.get(f"/m/bills/{each}/{part}") for each in (number, 999_999)]
    assert [answer.status_code for answer in answers] == [404, 404]
    words = [re.sub(r"<[^>]+>", " ", answer.content.decode()) for answer in answers]
    assert words[0].replace(f"bill {number}", "bill 999999") == words[1]
    assert AuditEntry.objects.filter(verb="billing.foreign_bill", target=f"bill:{number}").exists()


def test_a_number_that_no_row_can_have_is_no_address(customer: Client) -> None:
    assert customer.get(f"/m/bills/{10**18}/").status_code == 404


def test_a_reader_reads_no_bill(billed: Utility) -> None:
    assert colleague_browser("reader").get(f"/m/bills/{billed.bill_of(OWN)}/").status_code == 403


def test_a_reversed_bill_says_so_and_what_it_stands_for(billed: Utility) -> None:
    """Last of the module: it corrects the neighbour's bill."""
    number = billed.bill_of(FOREIGN)
    correct_bill(billed, FOREIGN, "stranger")
    reversal, rebill = (row["id"] for row in billed.get(f"accounts/{FOREIGN}/bills", "stranger").json()[1:])
    stranger = customer_browser(OTHER_PHONE)
    withdrawn = told(stranger, f"/m/bills/{number}/")
    assert "已冲销" in withdrawn and "缴费截止" not in withdrawn
    back = told(stranger, f"/m/bills/{reversal}/")
    assert "-161.50" in back and f"对应账单 {number}" in " ".join(back.replace("(", " ").split())
    assert "与上月比较" not in back and "缴费截止" not in back
    assert "缴费截止" in told(stranger, f"/m/bills/{rebill}/")
    assert "已冲销" in told(stranger, "/m/bills/")
    assert "没有可比较的账单" in page(stranger, f"/m/bills/{reversal}/compare/")
