"""Lists of orders and notices at the desk: filtered, of one's own units, what nobody needs covered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from acting import staff
from mingdu.base.models import AuditEntry, OrgUnit
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.money.ledgers import Ledger
from mingdu.money.models import PaymentNotice
from mingdu.money.operations import Verdict, settle_mismatch
from mingdu.money.operations.orders import ORDER_VALID
from mingdu.money.payment_words import Channel, MismatchOutcome, OrderState
from mingdu.money.queries import UnknownOrder, orders_not_booked, receipts_of_bill
from mingdu.money.queries.desk import (
    OrderStory,
    PaymentFilter,
    UnknownNotice,
    covered_body,
    doubtful_count,
    evidence_of,
    notices_listed,
    order_story,
    orders_listed,
)
from money.paying import AT, Payer, contract, new_payer, said, signed, take

pytestmark = pytest.mark.database
CASHIER = staff(Role.CASHIER)


@pytest.fixture
def payer(database: str) -> Payer:
    return new_payer()


def numbers(wanted: PaymentFilter) -> list[str]:
    return [row.number for row in orders_listed(CASHIER, wanted, now=AT)]


def story(number: str) -> OrderStory:
    return order_story(CASHIER, number, contract().number, now=AT)


def test_orders_are_found_by_state_account_and_time(payer: Payer) -> None:
    payer.owes(5000)
    paid, closed, doubtful, waiting = (payer.orders(amount) for amount in (100, 200, 300, 400))
    expired = payer.orders(500, at=AT - ORDER_VALID * 2)
    twice = payer.orders(600, channel=Channel.ALIPAY)
    for order, changed in (
        (paid, {}),
        (doubtful, {"amount_fen": 301}),
        (twice, {}),
        (twice, {"transaction": "x2"}),
    ):
        take(signed(said(order, **changed)))
    take(signed(said(closed, "closed")))
    other = new_payer().orders(700)
    found = {state: numbers(PaymentFilter(state.value)) for state in OrderState}
    assert found == {
        OrderState.PAID: [twice.number, paid.number],
        # An order that is paid and contradicted needs a colleague too.
        OrderState.DOUBTFUL: [twice.number, doubtful.number],
        OrderState.SETTLED: [], OrderState.CLOSED: [closed.number], OrderState.EXPIRED: [expired.number],
        OrderState.WAITING: [other.number, waiting.number],
    }  # fmt: skip
    assert numbers(PaymentFilter(account_ids=[other.account_id])) == [other.number]
    assert numbers(PaymentFilter(account_ids=[])) == []
    assert numbers(PaymentFilter(before=AT)) == [expired.number]
    assert expired.number not in numbers(PaymentFilter(since=AT))
    assert doubtful_count(CASHIER, now=AT) == 2
    waits = orders_not_booked(payer.by, payer.account.pk, payer.account.unit_id, now=AT)
    assert [(view.number, view.state) for view in waits] == [
        (waiting.number, OrderState.WAITING),
        (doubtful.number, OrderState.DOUBTFUL),
    ]


def test_notices_are_found_by_verdict_account_and_time(payer: Payer) -> None:
    payer.owes(500)
    order = payer.orders(500)
    take(signed(said(order)))
    take(signed(said(order), by="a forger"), at=AT + timedelta(hours=1))

    def verdicts(wanted: PaymentFilter) -> list[str]:
        return [row.verdict for row in notices_listed(CASHIER, wanted)]

    assert verdicts(PaymentFilter()) == ["wrong_signature", "posted"]
    assert verdicts(PaymentFilter(verdict="wrong_signature")) == ["wrong_signature"]
    assert verdicts(PaymentFilter(account_ids=[payer.account.pk])) == ["posted"]
    assert verdicts(PaymentFilter(before=AT + timedelta(minutes=30))) == ["posted"]
    assert verdicts(PaymentFilter(since=AT + timedelta(minutes=30))) == ["wrong_signature"]


def test_what_belongs_to_another_unit_is_not_there_and_written_down(payer: Payer) -> None:
    payer.owes(500)
    order = payer.orders(500)
    take(signed(said(order)))
    notice = PaymentNotice.objects.get().pk
    take(signed(said(order), by="a forger"))
    away = OrgUnit.objects.create(code="0531", name="邻所").pk
    neighbour = staff(Role.CASHIER, units={away})
    assert list(orders_listed(neighbour, PaymentFilter(), now=AT)) == []
    # What belongs to no order belongs to everybody who looks after payments.
    assert [row.verdict for row in notices_listed(neighbour, PaymentFilter())] == ["wrong_signature"]
    with pytest.raises(UnknownNotice):
        evidence_of(neighbour, notice, contract().number)
    for number in (order.number, "2027010499999999"):
        with pytest.raises(UnknownOrder):
            order_story(neighbour, number, contract().number, now=AT)
    audit = AuditEntry.objects.filter(verb="money.foreign_order")
    assert [entry.target for entry in audit] == [f"payment_order:{order.number}"]
    own = staff(Role.CASHIER, units={payer.account.unit_id})
    assert [row.number for row in orders_listed(own, PaymentFilter(), now=AT)] == [order.number]
    for by in (payer.by, staff(Role.AGENT)):
        with pytest.raises(NotPermitted):
            orders_listed(by, PaymentFilter(), now=AT)
        with pytest.raises(NotPermitted):
            notices_listed(by, PaymentFilter())


def test_a_story_has_notices_entries_receipt_and_what_a_colleague_decided(payer: Payer) -> None:
    (bill,) = payer.owes(500)
    order = payer.orders(500)
    take(signed(said(order, amount_fen=600)))
    take(signed(said(order, amount_fen=600)))
    before = story(order.number)
    assert (before.state, before.receipt, before.entries, before.settlements) == ("doubtful", None, [], [])
    # One transaction is one question, with the newest notice about it.
    assert before.open_notice_ids == [before.notices[1].row.pk]
    assert [(each.amount_fen, each.transaction) for each in before.notices] == [
        (600, f"42{order.number}")
    ] * 2
    verdict = Verdict(before.open_notice_ids[0], MismatchOutcome.BOOKED, "对账单有此笔")
    settle_mismatch(verdict, contract(), by=CASHIER, at=AT)
    after = story(order.number)
    assert (after.state, after.open_notice_ids) == ("paid", [])
    assert [(entry.ledger, entry.bill_id, entry.amount_fen) for entry in after.entries] == [
        (Ledger.RECEIVABLE, bill, -500), (Ledger.RECEIVABLE, 0, -100), (Ledger.BANK, 0, 600),
    ]  # fmt: skip
    assert after.receipt is not None and after.receipt.credit_fen == 100
    (decided,) = after.settlements
    assert (decided.outcome, decided.reason, decided.booked_on) == ("booked", "对账单有此笔", order.number)
    unit = payer.account.unit_id
    assert receipts_of_bill(payer.by, bill, payer.account.pk, unit) == [after.receipt]
    assert receipts_of_bill(payer.by, bill + 1, payer.account.pk, unit) == []


def test_evidence_covers_what_nobody_compares(payer: Payer) -> None:
    order = payer.orders(500)
    genuine = signed(said(order, payer_phone="13800000002"))
    take(genuine)
    shown = evidence_of(CASHIER, PaymentNotice.objects.get().pk, contract().number)
    assert "13800000002" not in shown.body and '"payer_phone": "***"' in shown.body
    assert order.number in shown.body
    headers = dict(shown.headers)
    assert headers["Pay-Signature"] == f"{genuine.signature[:12]}…"
    assert headers["Pay-Nonce"] == genuine.nonce


def test_a_forged_amount_is_no_amount(payer: Payer) -> None:
    take(signed(said(payer.orders(500)), by="a forger"))
    shown = evidence_of(CASHIER, PaymentNotice.objects.get().pk, contract().number)
    assert (shown.amount_fen, shown.transaction, shown.row.order_number) == (None, "", "")


@pytest.mark.parametrize(
    ("body", "text"),
    [(b"\xff{", "\\xff{"), (b"[1]", "[\n 1\n]"), (b"x" * 9_000, "x" * 2_000), (b"", "")],
)
def test_a_body_that_is_no_notice_is_shown_as_it_is(body: bytes, text: str) -> None:
    assert covered_body(body) == text
