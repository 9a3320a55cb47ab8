"""The worker: takes what waits (inbox, outbox, buckets) and does what is due, until told to stop."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import psycopg
import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from mingdu.base import ledger, outbox
from mingdu.base.actors import SYSTEM
from mingdu.base.sign_in_limit import forget_old_tries
from mingdu.core.clock import civil_day
from mingdu.metering.operations import ingest_inbox, ingest_one, plan_polls
from mingdu.metering.operations.retention import let_go
from mingdu.metering.operations.seal import check_sealed, remove_ended_files
from mingdu.money.operations import forget_refused
from mingdu.work.operations import escalate_overdue

from .area_balances import BalanceDuty
from .backup.duty import BackupDuty
from .backup.rules import backup_rules
from .beats import beat
from .clock import Clock, clock_of
from .environment import Environment
from .gateway import ask_about_next_order
from .months import lay_out_ahead

IDLE_SECONDS = 0.25
INGEST_FRAMES = 500
EVENTS_A_STEP = 50
# What fails so often in one helping leaves the worker to its other work until the next.
FAILURES_A_STEP = 10
# Payments whose notice is awaited, of which the gateway is asked at once.
ORDERS_A_ROUND = 20
# Sealed files that are compared with their hashes at once.
SEALED_A_ROUND = 4
# Days whose readings are still asked for when they are missing.
READ_AGAIN_DAYS = 7

# What a lost database raises; the connection itself tells whether it is lost.
LOST = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)

log = structlog.get_logger()

Done = TypeVar("Done")


@dataclass
class Duty:
    """Something that is due every so many seconds of real time."""

    name: str
    every_seconds: float
    act: Callable[[datetime], object]
    next_at: float = 0.0


@dataclass
class Worker:
    """
    One worker process; any number may run at one database.

    failures  what nobody foresaw, counted by the kind of work since the start
    """

    environment: Environment
    clock: Clock
    stopping: threading.Event = field(default_factory=threading.Event)
    failures: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Work until `stopping` is set; a lost database is waited for."""
        duties = self.duties()
        while not self.stopping.is_set():
            try:
                self.do_due(duties, Clock().now())
                did = self.step()
            except LOST as lost:
                log.warning("database lost", error=str(lost))
                connection.close()
                did = False
            if not did:
                self.stopping.wait(IDLE_SECONDS)

    def step(self) -> bool:
        """Take one helping of each kind of waiting work; tells whether any was done."""
        now = self.clock.now()
        return (
            bool(self._ingest(now))
            | self._deliver(now)
            | bool(self._carefully("bucket", ledger.work_one, now))
        )

    def duties(self) -> list[Duty]:
        """Return what is due now and then."""
        return [
            Duty("beat", 3, lambda _: beat(self.environment, "worker", Clock().now(), self.failures)),
            Duty("escalate", 20, lambda now: escalate_overdue(by=SYSTEM, at=now)),
            Duty(
                "backups",
                backup_rules().log_every.total_seconds(),
                BackupDuty(self.environment, settings.ZONE).act,
            ),
            Duty("area_balances", 60, BalanceDuty().act),
            Duty("polls", 30, _plan_polls),
            Duty("payments", 10, self._ask_gateway),
            Duty("refused_notices", 3600, lambda now: forget_refused(by=SYSTEM, at=now)),
            Duty("months", 3600, lambda now: lay_out_ahead(now, civil_day(now, settings.ZONE))),
            Duty("sealed_files", 60, _check_sealed),
            Duty("retention", 3600, lambda now: let_go(by=SYSTEM, at=now)),
            Duty("ended_files", 3600, lambda now: remove_ended_files(by=SYSTEM, at=now)),
            Duty("sign_in_tries", 3600, lambda now: forget_old_tries(by=SYSTEM, at=now)),
        ]

    def do_due(self, duties: list[Duty], real_now: datetime) -> None:
        """Do each duty whose time has come; one that fails is due again at its next time."""
        seconds = real_now.timestamp()
        for duty in duties:
            if seconds >= duty.next_at:
                duty.next_at = seconds + duty.every_seconds
                self._carefully(duty.name, duty.act, self.clock.now())

    def _ingest(self, now: datetime) -> int:
        taken = self._carefully("frames", lambda at: ingest_inbox(at=at, most=INGEST_FRAMES), now)
        if taken is not None:
            return taken
        # One of them fails all: taken one by one, it is set aside and the others come in.
        return self._each("frame", lambda at: ingest_one(at=at), now, INGEST_FRAMES)

    def _deliver(self, now: datetime) -> bool:
        return bool(self._each("event", outbox.deliver_one, now, EVENTS_A_STEP))

    def _ask_gateway(self, now: datetime) -> int:
        return self._each("payment", ask_about_next_order, now, ORDERS_A_ROUND)

    def _each(self, what: str, act: Callable[[datetime], bool], now: datetime, most: int) -> int:
        """Do one after another until none waits or too many fail; returns how many did not fail."""
        done = failed = 0
        while done < most and failed < FAILURES_A_STEP:
            outcome = self._carefully(what, act, now)
            if outcome is False:
                break
            done += bool(outcome)
            failed += outcome is None
        return done

    def _carefully(self, what: str, act: Callable[[datetime], Done], now: datetime) -> Done | None:
        """Do one piece of work; returns None when it failed, which stops no other piece."""
        try:
            return act(now)
        except LOST:
            if not connection.is_usable():
                raise
            self._count(what)
        except Exception:  # noqa: BLE001  # edge: one item's failure, kept on its row, stops no other
            self._count(what)
        return None

    def _count(self, what: str) -> None:
        log.exception("work failed", what=what)
        self.failures[what] += 1


def run_worker(environment: Environment) -> None:
    """Run a worker in this process until SIGINT or SIGTERM."""
    worker = Worker(environment, clock_of(environment))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: worker.stopping.set())
    worker.run()


def _plan_polls(now: datetime) -> None:
    today = now.date()
    plan_polls(today - timedelta(days=READ_AGAIN_DAYS), today - timedelta(days=1), at=now)


def _check_sealed(now: datetime) -> None:
    """Name the sealed files that are not what was written: what they hold cannot be read meanwhile."""
    for file, damage in check_sealed(most=SEALED_A_ROUND, by=SYSTEM, at=now):
        if damage:
            log.error("sealed file damaged", file=file.path.name, damage=damage)
