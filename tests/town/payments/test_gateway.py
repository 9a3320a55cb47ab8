"""The simulated gateway: believes signed orders alone, books once, tells by HTTP as it was asked to."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from mingdu.town.payments.behaviour import LATE_SECONDS, MOST_LATE_SECONDS, Behaviour, Step, plan
from mingdu.town.payments.gateway import WINDOW, NotTheMerchant, Shown
from mingdu.town.payments.notifier import MOST_THREADS, GatewayBusy
from mingdu.town.payments.orders import BadOrder, OrderOver
from mingdu.town.payments.proof import Proof, is_proven, prove
from threads import at_once
from town.payments.paying_town import NOW, gateway, key, listening_merchant, order_of

CHANGES = {
    "cut order": lambda sent: sent | {"order": sent["order"][:-4]},
    "no Base64": lambda sent: sent | {"order": "§"},
    "another amount": lambda sent: sent | {"order": order_of(amount_fen=1)["order"]},
    "another time": lambda sent: sent | {"timestamp": "1"},
    "no signature": lambda sent: sent | {"signature": ""},
    "nothing": lambda sent: {},
}


@pytest.mark.parametrize("name", CHANGES)
def test_refuses_an_order_that_its_merchant_did_not_sign(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadOrder):
        gateway(tmp_path).order(CHANGES[name](order_of()))


def test_pays_an_order_once_and_tells_its_merchant(tmp_path: Path) -> None:
    with listening_merchant() as (merchant, url):
        ours = gateway(tmp_path)
        order = ours.order(order_of(url))
        assert ours.shown(order, NOW) is Shown.OPEN
        paid = ours.pay(order, Behaviour.ONCE, NOW)
        ours.notifier.join()
        assert ours.pay(order, Behaviour.ONCE, NOW) == paid
        ours.notifier.join()
    assert [content for content, _ in merchant.heard] == [json.loads(paid.body())] * 2
    assert all(is_genuine for _, is_genuine in merchant.heard) and len(merchant.nonces) == 2
    assert (paid.amount_fen, paid.event, paid.order) == (13927, "paid", order.number)
    # Another gateway with the same folder knows it too: a restart forgets nothing.
    assert gateway(tmp_path).shown(order, NOW) is Shown.PAID


def test_an_order_that_is_paid_from_many_sides_is_booked_once(tmp_path: Path) -> None:
    ours = gateway(tmp_path)
    order = ours.order(order_of())
    outcomes = at_once([partial(ours.pay, order, Behaviour.NEVER, NOW)] * MOST_THREADS)
    assert len({str(outcome) for outcome in outcomes if not isinstance(outcome, GatewayBusy)}) == 1
    ours.notifier.join()


@pytest.mark.parametrize(
    ("behaviour", "events", "is_genuine", "amount_fen"),
    [
        (Behaviour.THRICE, ["paid"] * 3, True, 13927),
        (Behaviour.CLOSED_FIRST, ["closed", "paid"], True, 13927),
        (Behaviour.WRONG_AMOUNT, ["paid"], True, 14027),
        (Behaviour.WRONG_SIGNATURE, ["paid"], False, 13927),
        (Behaviour.NEVER, [], True, 13927),
        (Behaviour.LATE, ["paid"], True, 13927),
    ],
)
def test_tells_as_it_was_asked_to(
    tmp_path: Path, behaviour: Behaviour, events: list[str], is_genuine: bool, amount_fen: int
) -> None:
    with listening_merchant() as (merchant, url):
        ours = gateway(tmp_path)
        paid = ours.pay(ours.order(order_of(url)), behaviour, NOW, late_seconds=0)
        ours.notifier.join()
    assert (merchant.events, paid.amount_fen) == (events, amount_fen)
    assert all(proven is is_genuine for _, proven in merchant.heard)


def test_a_crossed_notice_lets_the_next_order_pass(tmp_path: Path) -> None:
    with listening_merchant() as (merchant, url):
        ours = gateway(tmp_path)
        ours.pay(ours.order(order_of(url, order="1overtaken")), Behaviour.CROSSED, NOW)
        ours.pay(ours.order(order_of(url, order="2overtakes")), Behaviour.ONCE, NOW)
        ours.notifier.join()
    assert [content["order"] for content, _ in merchant.heard] == ["2overtakes", "1overtaken"]


def test_tries_again_until_the_merchant_says_yes(tmp_path: Path) -> None:
    with listening_merchant(500, 403) as (merchant, url):
        ours = gateway(tmp_path, retry_seconds=(0, 0, 0))
        ours.pay(ours.order(order_of(url)), Behaviour.ONCE, NOW)
        ours.notifier.join()
    assert len(merchant.heard) == 3 and len(merchant.nonces) == 3


def test_gives_up_when_nobody_listens_and_the_order_stays_paid(tmp_path: Path) -> None:
    with listening_merchant() as (_, url):
        pass
    ours = gateway(tmp_path, retry_seconds=(0,))
    order = ours.order(order_of(url))
    ours.pay(order, Behaviour.ONCE, NOW)
    ours.notifier.join()
    assert ours.shown(order, NOW) is Shown.PAID


def test_has_a_few_notices_under_way_at_once_and_stops_by_itself(tmp_path: Path) -> None:
    ours = gateway(tmp_path)
    orders = [ours.order(order_of(order=f"order{place}")) for place in range(MOST_THREADS + 1)]
    for order in orders[:-1]:
        ours.pay(order, Behaviour.CROSSED if order is orders[0] else Behaviour.LATE, NOW)
    with pytest.raises(GatewayBusy):
        ours.pay(orders[-1], Behaviour.ONCE, NOW)
    assert ours.shown(orders[-1], NOW) is Shown.OPEN
    ours.notifier.stop()
    ours.pay(orders[-1], Behaviour.LATE, NOW)
    ours.notifier.join()


def test_what_was_cancelled_or_ran_out_is_not_paid(tmp_path: Path) -> None:
    with listening_merchant() as (merchant, url):
        ours = gateway(tmp_path)
        cancelled, late, paid = (ours.order(order_of(url, order=name)) for name in ("gone", "late", "paid"))
        ours.cancel(cancelled, NOW)
        ours.pay(paid, Behaviour.NEVER, NOW)
        for act in (
            partial(ours.pay, cancelled, Behaviour.ONCE, NOW),
            partial(ours.pay, late, Behaviour.ONCE, late.expires_at),
            partial(ours.cancel, paid, NOW),
        ):
            with pytest.raises(OrderOver):
                act()
        ours.notifier.join()
    assert [ours.shown(order, late.expires_at) for order in (cancelled, late, paid)] == [
        Shown.CLOSED, Shown.OVER, Shown.PAID,
    ]  # fmt: skip
    # Whoever tries to pay or cancel what has ended has its end told once more.
    assert sorted(merchant.events) == ["closed", "closed", "paid"]


def test_tells_its_merchant_alone_how_an_order_stands(tmp_path: Path) -> None:
    ours = gateway(tmp_path)
    order = ours.order(order_of())
    ask = partial(prove, key("merchant"), order.number.encode(), NOW)
    before = ours.answer(order.number, ask(), NOW)
    assert json.loads(before.body)["event"] == "open"
    ours.pay(order, Behaviour.NEVER, NOW)
    after = ours.answer(order.number, ask(), NOW)
    assert json.loads(after.body) | {"event": "paid", "amount_fen": 13927} == json.loads(after.body)
    assert is_proven(key("gateway").public_key(), after.body, after.proof)
    forged = prove(key("forger"), order.number.encode(), NOW)
    for number, proof, now in (
        (order.number, forged, NOW),
        ("another", ask(), NOW),
        (order.number, ask(), NOW + WINDOW + timedelta(seconds=1)),
        (order.number, Proof("²", "n", "s"), NOW),
        (order.number, Proof("9" * 400, "n", "s"), NOW),
    ):
        with pytest.raises(NotTheMerchant):
            ours.answer(number, proof, now)


def test_a_number_that_is_no_file_name_is_unknown(tmp_path: Path) -> None:
    number = "../keys/gateway"
    proof = prove(key("merchant"), number.encode(), NOW)
    assert json.loads(gateway(tmp_path).answer(number, proof, NOW).body)["event"] == "open"


def test_only_the_late_notice_asks_how_late() -> None:
    assert plan(Behaviour.LATE, 7) == (Step(wait_seconds=7),)
    assert plan(Behaviour.LATE, 10**6) == (Step(wait_seconds=MOST_LATE_SECONDS),)
    assert plan(Behaviour.ONCE, LATE_SECONDS) == (Step(),)


def test_its_signatures_are_those_that_the_house_verifies() -> None:
    from mingdu.money.signatures import Signed, is_genuine, sign

    theirs = prove(key("gateway"), b"{}", NOW)
    assert is_genuine(
        key("gateway").public_key(), Signed(theirs.timestamp, theirs.nonce, theirs.signature, b"{}")
    )
    ours = sign(key("merchant"), int(NOW.timestamp()), "nonce", b"{}")
    assert is_proven(key("merchant").public_key(), b"{}", Proof(ours.timestamp, ours.nonce, ours.signature))
    assert len(base64.b64decode(ours.signature)) == 256
