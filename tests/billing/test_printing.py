"""The printed bill: what stands on it, that it is one page, and that it is the same page everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils.translation import override

from acting import customer
from billing.desk import CLERK
from billing.two_months import (
    BEFORE,
    CORRECTED,
    END,
    ESTIMATED,
    FACTORY,
    HOME,
    NOW,
    SHOP,
    TwoMonths,
    build_two_months,
)
from mingdu.billing.account_bills import bills_of
from mingdu.billing.compare import Comparison
from mingdu.billing.line_words import in_own_words, line_words
from mingdu.billing.printed_page import Printed, page_of
from mingdu.billing.printing import FontNotInstalled, bill_pdf, compile_page, printed_bill
from mingdu.billing.queries import UnknownBill
from mingdu.customers.binding import bill_code
from mingdu.customers.queries import account_by_id
from mingdu.main.catalogues import compile_catalogues

pytestmark = pytest.mark.database

LATER = datetime(2027, 1, 5, 1, 0, tzinfo=UTC)
LANGUAGES = ("zh-hans", "en")
# Homes of whose bills each test corrects its own.
REVERSED_HOME, EARLIER_HOME = CORRECTED, 5


@pytest.fixture(scope="module")
def months(module_database: str) -> Iterator[TwoMonths]:
    compile_catalogues()
    yield build_two_months()


def printed(months: TwoMonths, number: int, bill_id: int | None = None) -> Printed:
    bills = bills_of(months.town.account_ids[number])
    return printed_bill(bills, bills.of(bill_id or months.december(number)))


def page(months: TwoMonths, number: int, bill_id: int | None = None, language: str = "en") -> dict[str, Any]:
    with override(language):
        return page_of(printed(months, number, bill_id))


def pages_of(pdf: bytes) -> int:
    (count,) = re.findall(rb"/Type ?/Pages ?/Count (\d+)", pdf)
    return int(count)


def fonts_of(pdf: bytes) -> set[bytes]:
    return set(re.findall(rb"/BaseFont ?/[A-Z]{6}\+([\w-]+)", pdf))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", [HOME, SHOP, FACTORY])
def test_prints_one_page_of_the_installed_font_alone(months: TwoMonths, number: int, language: str) -> None:
    pdf = bill_pdf(CLERK, months.december(number), now=NOW, language=language)
    assert pdf.startswith(b"%PDF-") and pages_of(pdf) == 1
    assert fonts_of(pdf) == {b"NotoSansSC-Regular", b"NotoSansSC-Bold"}


def test_the_same_bill_is_the_same_bytes(months: TwoMonths) -> None:
    bill_id = months.december(HOME)
    pdf = bill_pdf(CLERK, bill_id, now=NOW, language="zh-hans")
    assert pdf == bill_pdf(CLERK, bill_id, now=LATER, language="zh-hans")
    with override("zh-hans"):
        assert pdf == bill_pdf(CLERK, bill_id, now=NOW)
    assert pdf != bill_pdf(CLERK, bill_id, now=NOW, language="en")
    assert b"(D:20270104" in pdf


def test_says_what_is_due_and_whose_it_is(months: TwoMonths) -> None:
    found = page(months, HOME)
    account = account_by_id(months.town.account_ids[HOME])
    assert (found["title"], found["amount_label"], found["amount"]) == (
        "Electricity bill", "Amount due", "¥161.50",
    )  # fmt: skip
    assert found["period"] == "2026-12, from 2026-12-01 to 2026-12-31"
    assert found["due"] == "to be paid by 2027-01-19"
    assert found["notes"] == []
    assert found["facts"] == [
        ["Account number", "0530100042"], ["Holder", account.customer_name],
        ["Supplied at", account.service_location], ["Supply", "households, 0.22 kV, 8 kVA"],
    ]  # fmt: skip
    code = bill_code("0530100042", account.customer_id, "2026-12")
    assert found["foot"][:3] == [f"Bill {months.december(HOME)}", f"Code {code}", "issued 2027-01-04"]


def test_says_by_when_a_question_is_answered(months: TwoMonths) -> None:
    words = page(months, HOME)["ask"]["words"]
    assert f"number {months.december(HOME)}" in words
    # As rules/promises/cases.yaml says of questions about a bill.
    assert "We answer within 5 working days." in words


def test_shows_every_register_with_both_times_and_quality(months: TwoMonths) -> None:
    found = page(months, FACTORY)["registers"]
    assert found["heads"][1:3] == ["2026-12-01 00:00", "2027-01-01 00:00"]
    rows = {row[0]: row for row in found["rows"]}
    assert rows["total"] == ["total", "5749.66", "5861.22", "2000", "223,120", "kWh", "measured"]
    assert rows["demand"] == ["demand", "", "0.3706", "2000", "741.2", "kW", "measured"]
    assert rows["reactive, forward"][5] == "kvarh"
    assert {row[6] for row in page(months, ESTIMATED)["registers"]["rows"]} == {"estimated"}


def test_a_line_tells_bounds_price_source_and_proof(months: TwoMonths) -> None:
    found = page(months, HOME)["lines"]
    first, _second, third = found["rows"]
    assert first == {
        "name": "First tier", "ground": "0 to 170 kWh a month", "source": "[1]", "mark": "not verified",
        "quantity": "170 kWh", "price": "0.4500", "amount": "76.50",
    }  # fmt: skip
    assert third["ground"] == "above 260 kWh a month"
    assert found["total"] == ["Total", "161.50"]
    assert [line["amount"] for line in found["included"]] == ["8.18"]
    assert found["sources"][0].startswith("[1] Yunnan grid sales price table")


def test_one_tier_for_everything_has_no_bounds(months: TwoMonths) -> None:
    november = months.bills(HOME)[0].id
    (line,) = page(months, HOME, november)["lines"]["rows"]
    assert line["ground"] == "one price from May to November"


def test_a_demonstration_price_is_marked_and_names_no_source(months: TwoMonths) -> None:
    lines = {line["name"]: line for line in page(months, FACTORY)["lines"]["rows"]}
    bought = lines["Electricity purchased by the utility, peak"]
    assert (bought["mark"], bought["source"]) == ("demonstration price", "")
    assert (lines["Transmission and distribution"]["mark"], bought["price"]) == ("", "0.3750")
    assert lines["Power-factor adjustment"]["price"] == "−0.15%"
    assert lines["Power-factor adjustment"]["quantity"] == "121,351.38 yuan"
    assert lines["Basic charge by demand"]["price"] == "37.60"


def test_a_chinese_page_cites_notices_as_they_are_called(months: TwoMonths) -> None:
    found = page(months, FACTORY, language="zh-hans")
    assert found["title"] == "电费账单"
    lines = {line["name"]: line for line in found["lines"]["rows"]}
    assert lines["代理购电电费（峰）"]["mark"] == "演示价"
    assert lines["输配电费"]["ground"] == "输配电价"
    assert lines["力调电费"]["ground"] == ""
    assert found["lines"]["sources"][0] == "[1] 发改价格〔2026〕1077号，两部制，1—10（20）千伏"
    assert found["lines"]["sources"][3] == "[4] 〔83〕水电财字第215号，转引"


def test_words_of_lines_that_are_not_known_are_their_ids() -> None:
    assert [line_words(line_id) for line_id in ("tier.9", "carbon", "carbon.PEAK")] == [
        "tier.9", "carbon", "carbon.PEAK",
    ]  # fmt: skip


def test_thirteen_months_stand_beside_each_other(months: TwoMonths) -> None:
    found = page(months, ESTIMATED)["months"]
    bars = {bar["label"]: bar for bar in found["bars"]}
    assert len(bars) == 13 and list(bars)[-1] == "26-12"
    # Nobody has read the months before November.
    assert (bars["26-10"]["value"], bars["26-10"]["wh"]) == ("–", 0)
    assert bars["26-11"]["wh"] == months.bills(ESTIMATED)[0].energy_wh
    assert [bar["is_estimated"] for bar in found["bars"][-2:]] == [False, True]
    assert found["estimated"] == "estimated"


def test_a_month_without_a_bill_shows_what_the_registers_counted(months: TwoMonths) -> None:
    bills = bills_of(months.town.account_ids[HOME])
    november, december = bills.rows
    found = printed_bill(replace(bills, rows=(december,)), december).months[-2]
    assert (found.energy_wh, found.is_estimated) == (november.energy_wh, False)


def test_without_a_bill_of_the_month_before_the_energy_is_told_and_no_amount(months: TwoMonths) -> None:
    bills = bills_of(months.town.account_ids[HOME])
    with override("en"):
        why = page_of(printed_bill(replace(bills, rows=bills.rows[1:]), bills.rows[1]))["why"]
    assert why["rows"] == [] and "¥" not in why["words"]
    assert "no bill for 2026-11" in why["words"]
    assert "309 kWh were used then, and 310 kWh in this month" in why["words"]


def test_tells_why_the_amount_changed(months: TwoMonths) -> None:
    found = page(months, HOME)["why"]
    assert found["words"] == "¥22.31 more than ¥139.19 the month before:"
    assert [amount for _words, amount in found["rows"]] == ["+¥4.63", "−¥4.32", "+¥22.00"]
    first = months.bills(HOME)[0].id
    assert page(months, HOME, first)["why"]["rows"] == []


@pytest.mark.parametrize(
    ("before_fen", "words"),
    [
        (20_000, "¥38.50 less than ¥200.00 the month before:"),
        (16_150, "The same amount as the month before, ¥161.50."),
    ],
)
def test_tells_less_and_the_same_in_words(months: TwoMonths, before_fen: int, words: str) -> None:
    other = replace(printed(months, HOME), comparison=Comparison(1, before_fen, 16_150, ()))
    with override("en"):
        assert page_of(other)["why"]["words"] == words


def test_marks_what_was_withdrawn_taken_back_and_made_again(months: TwoMonths) -> None:
    bill_id = months.december(REVERSED_HOME)
    before = page(months, REVERSED_HOME)
    correction = months.correct(REVERSED_HOME, END, -1_000, bill_id, at=LATER)
    withdrawn, reversal, rebill = (
        page(months, REVERSED_HOME, number)
        for number in (bill_id, correction.reversal_id, correction.rebill_id)
    )
    assert withdrawn["is_withdrawn"] and withdrawn["due"] == "do not pay this bill"
    assert withdrawn["notes"] == [
        f"This bill was withdrawn. Bill {correction.rebill_id} of {rebill['amount']} holds in its place."
    ]
    assert (reversal["title"], reversal["due"]) == ("Reversal of an electricity bill", "nothing to pay")
    assert reversal["amount"] == f"−{before['amount']}"
    assert reversal["notes"] == [f"This page takes back bill {bill_id} of {before['amount']} as a whole."]
    assert reversal["registers"] == before["registers"] and reversal["why"]["words"] == ""
    assert (rebill["title"], rebill["due"]) == ("Corrected electricity bill", "to be paid by 2027-01-20")
    assert rebill["notes"] == [
        f"This bill replaces bill {bill_id} of {before['amount']}, a difference of −8.00 yuan."
    ]
    for number in (bill_id, correction.reversal_id, correction.rebill_id):
        assert pages_of(bill_pdf(CLERK, number, now=LATER, language="zh-hans")) == 1


def test_a_later_correction_of_the_month_before_leaves_the_page_alone(months: TwoMonths) -> None:
    november, december = months.bills(EARLIER_HOME)[0].id, months.december(EARLIER_HOME)
    before = bill_pdf(CLERK, december, now=NOW, language="en")
    months.correct(EARLIER_HOME, BEFORE, -1_000, november, at=LATER)
    assert bill_pdf(CLERK, december, now=LATER, language="en") == before


@pytest.mark.parametrize("lines", [20, 40, 120])
def test_however_many_lines_there_are_it_stays_one_page(months: TwoMonths, lines: int) -> None:
    found = page(months, FACTORY, language="zh-hans")
    found["lines"]["rows"] = (found["lines"]["rows"] * lines)[:lines]
    assert pages_of(compile_page(found, NOW, settings.ENVIRONMENT.checkout)) == 1


def test_words_of_a_customer_are_never_read_as_code(months: TwoMonths) -> None:
    other = printed(months, HOME)
    odd = replace(other, holder=replace(other.holder, name='#panic() $x$ */ "quoted" \\ <label>'))
    assert pages_of(compile_page(page_of(odd), NOW, settings.ENVIRONMENT.checkout)) == 1


def test_names_the_font_that_is_not_installed(months: TwoMonths, tmp_path: Path) -> None:
    with pytest.raises(FontNotInstalled) as refused:
        compile_page(page(months, HOME), NOW, tmp_path)
    assert refused.value.values == {"font": "NotoSansSC_400Regular.ttf"}
    assert "make setup" in refused.value.next_step


def test_a_foreign_bill_is_not_printed(months: TwoMonths) -> None:
    neighbour = customer(1, months.town.account_ids[HOME])
    assert pages_of(bill_pdf(neighbour, months.december(HOME), now=NOW)) == 1
    with pytest.raises(UnknownBill):
        bill_pdf(neighbour, months.december(SHOP), now=NOW)


@pytest.mark.parametrize(
    ("text", "chinese", "english"),
    [
        ("loss × r / (1 − r) (上网环节线损费用)", "上网环节线损费用", "loss × r / (1 − r)"),
        ("one-part, below 1 kV (单一制，1—10（20）千伏)", "单一制，1—10（20）千伏", "one-part, below 1 kV"),
        ("发改价格〔2026〕1077号", "发改价格〔2026〕1077号", "发改价格〔2026〕1077号"),
        ("approved by 李芳 (clerk)", "approved by 李芳 (clerk)", "approved by 李芳 (clerk)"),
    ],
)
def test_a_remark_is_read_in_the_reader_s_language(text: str, chinese: str, english: str) -> None:
    with override("zh-hans"):
        assert in_own_words(text) == chinese
    with override("en"):
        assert in_own_words(text) == english
