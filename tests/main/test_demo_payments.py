"""The demo's people pay at the gateway, over a real socket; once a data folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faces.paying.real_server import serving
from faces.small_utility import NOW, Utility, build_utility, http_settings
from mingdu.main.demo.caller import CallFailed
from mingdu.main.demo.payments import CANCELLED, LEFT, PEOPLE, Paying, pay_bills
from mingdu.main.demo.run import Running
from mingdu.main.gateway import gateway_here
from mingdu.money.models import PaymentNotice, PaymentOrder
from mingdu.town.payments.behaviour import Behaviour
from mingdu.town.payments.notifier import MOST_THREADS
from mingdu.town.roster import DEMO_SHOP, QUESTIONED

pytestmark = pytest.mark.database

SOME = (
    Paying(1, Behaviour.ONCE),
    Paying(2, Behaviour.NEVER, channel="alipay"),
    Paying(3, Behaviour.WRONG_AMOUNT, "10.00"),
    Paying(4, CANCELLED),
    Paying(5, LEFT, "1.00"),
)


@pytest.fixture
def billed(database: str, tmp_path: Path) -> Iterator[Utility]:
    with http_settings(tmp_path):
        utility = build_utility()
        utility.issue_december()
        yield utility


def test_each_pays_in_his_own_way_and_once(billed: Utility) -> None:
    told: list[str] = []
    with serving() as port:
        running = Running(f"http://127.0.0.1:{port}", {"clerk": "right"})
        assert pay_bills(running, SOME, NOW, told.append) == len(SOME)
        gateway_here().notifier.join()
        assert pay_bills(running, SOME, NOW, told.append) == 0
        assert told == ["payments: 5 orders at the gateway"]
        # Whoever owes nothing any more does not pay again.
        PaymentNotice.objects.all().delete()
        assert pay_bills(running, SOME[:1], NOW, told.append) == 0
    assert PaymentOrder.objects.filter(payment__isnull=False).count() == 1
    assert PaymentOrder.objects.filter(closed_at__isnull=False).count() == 1
    assert PaymentOrder.objects.count() == len(SOME)


def test_a_gateway_that_refuses_is_said(billed: Utility) -> None:
    with serving() as port:
        running = Running(f"http://127.0.0.1:{port}", {"clerk": "right"})
        with pytest.raises(CallFailed, match="422"):
            pay_bills(running, [Paying(1, Behaviour.ONCE, "60000.00")], NOW, print)
        for _ in range(MOST_THREADS):
            gateway_here().notifier.reserve()
        with pytest.raises(CallFailed, match="503"):
            pay_bills(running, [Paying(1, Behaviour.ONCE)], NOW, print)


def test_nobody_pays_whose_balance_the_check_looks_at() -> None:
    assert not {QUESTIONED, DEMO_SHOP} & {each.point for each in PEOPLE}
