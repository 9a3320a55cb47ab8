"""The worker finds payments whose notice was lost; a gateway that is down stops nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import override_settings

from mingdu.main.clock import Clock
from mingdu.main.gateway import ask_about_next_order, gateway_here, keep_gateway_url
from mingdu.main.worker import Worker
from mingdu.money.models import Payment, PaymentOrder
from mingdu.money.operations.orders import FIRST_ASK
from mingdu.town.payments.book import Booking
from mingdu.town.payments.proof import HEADS, Proof
from money.paying import AT, Payer, new_payer

pytestmark = pytest.mark.database

NOBODY = "http://127.0.0.1:9"
LATER = AT + FIRST_ASK


@pytest.fixture
def folder(database: str, tmp_path: Path) -> Iterator[Path]:
    """A data folder of its own, with the keys of both sides."""
    with override_settings(ENVIRONMENT=replace(settings.ENVIRONMENT, data_folder=tmp_path)):
        yield tmp_path


@pytest.fixture
def gateway_url(folder: Path) -> Iterator[str]:
    """The gateway's own answers on a socket of loopback; what it signs is signed at `LATER`."""
    gateway = gateway_here()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            number = parse_qs(urlsplit(self.path).query)["order"][0]
            answer = gateway.answer(number, Proof(*(self.headers[name] for name in HEADS)), LATER)
            self.send_response(200)
            for name, value in answer.proof.headers().items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *words: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(30)


def paid_at_gateway(payer: Payer, amount_fen: int) -> PaymentOrder:
    """An order that is paid in the gateway's book alone."""
    order = payer.orders(amount_fen)
    gateway_here().book.write(
        Booking("mingdu", order.number, "paid", f"42{order.number}", amount_fen, AT.isoformat())
    )
    return order


class AtLater(Clock):
    """A clock that stands."""

    def now(self) -> datetime:
        return LATER


def worker_of(folder: Path) -> Worker:
    return Worker(replace(settings.ENVIRONMENT, data_folder=folder), AtLater())


def do_payments(worker: Worker) -> None:
    """Do the worker's duty that asks the gateway."""
    duties = [duty for duty in worker.duties() if duty.name == "payments"]
    worker.do_due(duties, datetime(2026, 1, 1, tzinfo=UTC))


def test_a_lost_notice_is_found_over_the_line(folder: Path, gateway_url: str) -> None:
    payer = new_payer()
    payer.owes(900)
    orders = [paid_at_gateway(payer, amount) for amount in (400, 500)]
    keep_gateway_url(folder, gateway_url)
    worker = worker_of(folder)
    do_payments(worker)
    assert {paid.order_id for paid in Payment.objects.all()} == {order.pk for order in orders}
    assert worker.failures == {}


def test_a_gateway_that_is_down_is_waited_for(folder: Path, gateway_url: str) -> None:
    payer = new_payer()
    payer.owes(400)
    order = paid_at_gateway(payer, 400)
    worker = worker_of(folder)
    for url in ("", NOBODY, "no address at all"):
        if url:
            keep_gateway_url(folder, url)
        do_payments(worker)
        PaymentOrder.objects.filter(pk=order.pk).update(next_ask_at=LATER)
    assert (Payment.objects.count(), worker.failures) == (0, {})
    keep_gateway_url(folder, gateway_url)
    do_payments(worker)
    assert Payment.objects.get().order_id == order.pk


def test_one_order_that_the_gateway_cannot_answer_stops_no_other(folder: Path, gateway_url: str) -> None:
    payer = new_payer()
    payer.owes(900)
    bad, good = (paid_at_gateway(payer, amount) for amount in (400, 500))
    (folder / "gateway" / f"{bad.number}.json").write_text("not a booking")
    keep_gateway_url(folder, gateway_url)
    worker = worker_of(folder)
    do_payments(worker)
    do_payments(worker)
    assert Payment.objects.get().order_id == good.pk


def test_nothing_is_asked_when_nothing_is_due(folder: Path, gateway_url: str) -> None:
    keep_gateway_url(folder, NOBODY)
    assert ask_about_next_order(LATER + timedelta(days=1)) is False
