"""Refused notices are counted without end and kept up to a limit; who sends too many is told to wait."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from mingdu.base.actors import Actor
from mingdu.base.database import cursor, transaction_connection
from mingdu.base.permissions import require
from mingdu.core.clock import civil_day
from mingdu.errors import TradeError
from mingdu.money.models import PaymentNotice
from mingdu.money.payment_words import NoticeVerdict

MINUTE = timedelta(minutes=1)
MOST_A_MINUTE = 60
# Of one fault on one day; what comes beyond is only counted.
MOST_KEPT_A_DAY = 50
KEPT_DAYS = 90

_COUNT = """
    INSERT INTO money_noticerefusals AS r (day, verdict, total, window_at, in_window)
    VALUES (%(day)s, %(verdict)s, 1, %(at)s, 1)
    ON CONFLICT (day, verdict) DO UPDATE SET
        total = r.total + 1,
        window_at = CASE WHEN r.window_at > %(since)s THEN r.window_at ELSE %(at)s END,
        in_window = CASE WHEN r.window_at > %(since)s THEN r.in_window + 1 ELSE 1 END
    RETURNING total, in_window"""


class TooManyNotices(TradeError):
    """Too many notices were refused within a minute; this one was counted, but is not kept."""

    next_step = "wait the seconds that are named; a genuine notice is taken at any time"


def keep_refused(kept: dict[str, Any], *, by: Actor, at: datetime) -> bool:
    """
    Count a notice that anybody may have sent, and keep it as long as its day has room, at once and for good.

    kept     the columns of the notice
    returns  False: this minute has had more of them than anybody sends by mistake
    raises   NotPermitted
    """
    require(by, "money.take_notice")
    day, verdict = civil_day(at, settings.ZONE), NoticeVerdict(kept["verdict"])
    asked = {"day": day, "verdict": verdict.value, "at": at, "since": at - MINUTE}
    with transaction.atomic():
        row = cursor(transaction_connection()).execute(_COUNT, asked).fetchone()
        assert row is not None
        if row[0] <= MOST_KEPT_A_DAY:
            PaymentNotice.objects.create(**kept)
    return bool(row[1] <= MOST_A_MINUTE)


def forget_refused(*, by: Actor, at: datetime) -> int:
    """Delete refused notices older than their evidence is kept; their counts stay. Returns how many."""
    require(by, "money.take_notice")
    anybodys = [verdict.value for verdict in NoticeVerdict if verdict.is_anybodys]
    old = PaymentNotice.objects.filter(
        verdict__in=anybodys, taken_nonce__isnull=True, received_at__lt=at - timedelta(days=KEPT_DAYS)
    )
    return old.delete()[0]
