"""Refused notices are counted, kept up to a limit, and slowed down; genuine ones come in all the same."""

from __future__ import annotations

from datetime import timedelta

import pytest

from acting import staff
from mingdu.base.actors import SYSTEM
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.money.models import PaymentNotice
from mingdu.money.operations import TooManyNotices, forget_refused
from mingdu.money.operations.notices import MOST_BYTES, WINDOW
from mingdu.money.operations.refusals import KEPT_DAYS, MINUTE, MOST_A_MINUTE, MOST_KEPT_A_DAY
from mingdu.money.payment_words import NoticeVerdict
from mingdu.money.queries.desk import refusals_today
from mingdu.money.signatures import Signed
from money.paying import AT, new_payer, said, signed, take
from threads import at_once

pytestmark = pytest.mark.database


def flood(notice: Signed, count: int, came_by: str = "notice") -> int:
    """Send a notice so often; gives how many were answered with "too many"."""
    refused = 0
    for _ in range(count):
        try:
            take(notice, came_by=came_by)
        except TooManyNotices as error:
            assert error.values["wait_seconds"] == 60
            refused += 1
    return refused


def counts() -> dict[str, int]:
    return refusals_today(staff(Role.CASHIER), now=AT)


@pytest.fixture
def forged(database: str) -> Signed:
    return signed(said(new_payer().orders(500)), by="a forger")


def test_a_flood_is_counted_whole_and_kept_in_part(forged: Signed) -> None:
    assert flood(forged, MOST_A_MINUTE) == 0
    assert flood(forged, 40) == 40
    assert counts() == {"wrong_signature": MOST_A_MINUTE + 40}
    assert PaymentNotice.objects.count() == MOST_KEPT_A_DAY


@pytest.mark.parametrize("kind", ["stale", "replayed", "unreadable"])
def test_whatever_anybody_can_send_is_limited(database: str, kind: str) -> None:
    order = new_payer().orders(500)
    captured = signed(said(order))
    take(captured)
    notice = {
        "replayed": captured,
        "stale": signed(said(order), at=AT - WINDOW - MINUTE * 3),
        "unreadable": signed(b"0" * (MOST_BYTES + 1), by="a forger"),
    }[kind]
    assert flood(notice, MOST_A_MINUTE + 10) == 10
    assert counts() == {kind: MOST_A_MINUTE + 10}
    assert PaymentNotice.objects.filter(verdict=kind).count() == MOST_KEPT_A_DAY


def test_a_genuine_notice_comes_in_through_the_flood(forged: Signed) -> None:
    payer = new_payer()
    payer.owes(700)
    order = payer.orders(700)
    assert flood(forged, MOST_A_MINUTE + 5) == 5
    assert take(signed(said(order))) is NoticeVerdict.POSTED


def test_an_answer_to_our_own_question_is_never_told_to_wait(forged: Signed) -> None:
    assert flood(forged, MOST_A_MINUTE + 5, came_by="query") == 0
    assert PaymentNotice.objects.count() == MOST_KEPT_A_DAY


def test_after_a_minute_the_limit_begins_anew(forged: Signed) -> None:
    flood(forged, MOST_A_MINUTE)
    with pytest.raises(TooManyNotices, match="within a minute"):
        take(forged)
    later = AT + timedelta(minutes=1) + MINUTE
    assert take(forged, at=later) is NoticeVerdict.WRONG_SIGNATURE


def test_what_comes_at_once_is_counted_once_each(forged: Signed) -> None:
    outcomes = at_once([lambda: take(forged)] * 20)
    assert outcomes == [NoticeVerdict.WRONG_SIGNATURE] * 20
    assert counts() == {"wrong_signature": 20}


def test_old_evidence_of_refusals_is_forgotten_and_genuine_evidence_stays(forged: Signed) -> None:
    payer = new_payer()
    payer.owes(700)
    take(forged)
    take(signed(said(payer.orders(700))))
    assert forget_refused(by=SYSTEM, at=AT + timedelta(days=KEPT_DAYS - 1)) == 0
    assert forget_refused(by=SYSTEM, at=AT + timedelta(days=KEPT_DAYS + 1)) == 1
    assert [notice.verdict for notice in PaymentNotice.objects.all()] == ["posted"]
    assert counts() == {"wrong_signature": 1}
    with pytest.raises(NotPermitted):
        forget_refused(by=staff(Role.CASHIER), at=AT)
