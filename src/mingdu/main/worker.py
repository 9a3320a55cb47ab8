"""The worker: takes what waits (inbox, outbox, buckets) and does what is due, until told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.db import OperationalError, connection

from mingdu.base import ledger, outbox
from mingdu.base.actors import SYSTEM
from mingdu.metering.operations import ingest_inbox, make_months, plan_polls
from mingdu.work.operations import escalate_overdue

from .beats import beat
from .clock import Clock, clock_of
from .environment import Environment

IDLE_SECONDS = 0.25
INGEST_FRAMES = 500
# Days whose readings are still asked for when they are missing.
READ_AGAIN_DAYS = 7

log = structlog.get_logger()


@dataclass
class Duty:
    """Something that is due every so many seconds of real time."""

    name: str
    every_seconds: float
    act: Callable[[datetime], object]
    next_at: float = 0.0


@dataclass
class Worker:
    """One worker process; any number may run at one database."""

    environment: Environment
    clock: Clock
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Work until `stopping` is set; a lost database is waited for."""
        real = Clock()
        duties = self._duties()
        while not self.stopping.is_set():
            try:
                _do_due(duties, real.now(), self.clock.now())
                did = self.step()
            except OperationalError as lost:
                log.warning("database lost", error=str(lost))
                connection.close()
                did = False
            if not did:
                self.stopping.wait(IDLE_SECONDS)

    def step(self) -> bool:
        """Take one helping of each kind of waiting work; tells whether there was any."""
        now = self.clock.now()
        frames = ingest_inbox(at=now, most=INGEST_FRAMES)
        events = outbox.deliver_all(now, most=50)
        return bool(frames) | bool(events) | ledger.work_one(now)

    def _duties(self) -> list[Duty]:
        return [
            Duty("beat", 3, lambda _: beat(self.environment, "worker", Clock().now())),
            Duty("escalate", 20, lambda now: escalate_overdue(by=SYSTEM, at=now)),
            Duty("polls", 30, _plan_polls),
            Duty("months", 3600, lambda now: make_months(now.date(), by=SYSTEM, at=now)),
        ]


def run_worker(environment: Environment) -> None:
    """Run a worker in this process until SIGINT or SIGTERM."""
    worker = Worker(environment, clock_of(environment))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: worker.stopping.set())
    worker.run()


def _plan_polls(now: datetime) -> None:
    today = now.date()
    plan_polls(today - timedelta(days=READ_AGAIN_DAYS), today - timedelta(days=1), at=now)


def _do_due(duties: list[Duty], real_now: datetime, now: datetime) -> None:
    seconds = real_now.timestamp()
    for duty in duties:
        if seconds >= duty.next_at:
            duty.act(now)
            duty.next_at = seconds + duty.every_seconds
