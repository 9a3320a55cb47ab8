"""Asks meters: one request in flight behind each terminal, three tries, then back-off written to the poll."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from mingdu.errors import TradeError
from mingdu.wire.dlt645.bcd import NotBcd
from mingdu.wire.dlt645.frame import Frame, encode_frame
from mingdu.wire.dlt645.functions import STANDARD_2007, error_names

from .backlog import Answer, Backlog, Outcome
from .counters import Tally
from .edge import Edge
from .exchange import Exchange, Progress
from .items import NotYet, TooLongAgo, UnknownItem, requests_for
from .schedule import Poll, Schedule, retry_at
from .sessions import Session
from .settings import Settings
from .wheel import Wheel

NO_SUCH_DATA: Final = "no_such_data"


class Asker:
    """
    Takes polls of connected terminals one by one, sends requests, judges answers, decides what failed.

    hungry   terminals with no poll in memory; the table is to be searched for them now
    """

    def __init__(
        self, settings: Settings, edge: Edge, backlog: Backlog, tally: Tally, sessions: Mapping[int, Session]
    ) -> None:
        self._settings = settings
        self._edge = edge
        self._backlog = backlog
        self._tally = tally
        self._sessions = sessions
        self._schedule = Schedule()
        self._timeouts: Wheel[Session] = Wheel(edge.monotonic())
        self.hungry: set[int] = set()

    def take(self, polls: Iterable[Poll]) -> None:
        """Put polls from the table into memory and ask where nothing is in flight."""
        wanted = [poll for poll in polls if poll.terminal_id in self._sessions]
        self._schedule.put(wanted)
        for terminal_id in {poll.terminal_id for poll in wanted}:
            self.ask(self._sessions[terminal_id])

    def ask(self, session: Session) -> None:
        """Send the terminal's next request, unless one is in flight; a terminal without polls gets hungry."""
        while session.exchange is None:
            poll = self._schedule.take(session.terminal_id)
            if poll is None:
                self.hungry.add(session.terminal_id)
                self._edge.wake()
                return
            self._begin(session, poll)

    def look_again(self) -> list[int]:
        """Make idle terminals hungry, and return the busy ones, which are to be searched for urgent polls."""
        busy = []
        for terminal_id, session in self._sessions.items():
            if session.exchange is None:
                self.hungry.add(terminal_id)
            else:
                busy.append(terminal_id)
        return busy

    def answer(self, session: Session, frame: Frame, raw: bytes) -> bool:
        """Take a meter's frame; False if it answers nothing that was asked."""
        exchange = session.exchange
        if exchange is None or exchange.is_whole:
            return False
        progress = exchange.take(frame, raw)
        if progress is Progress.NEXT:
            self._send(session, exchange)
        elif progress is Progress.WHOLE:
            self._keep(session, exchange)
        elif progress is Progress.REFUSED:
            self._refused(session, exchange)
        elif progress is Progress.ENDLESS:
            self._fail(session, exchange, "TooManyParts: the meter says more behind the last part")
        return progress is not Progress.FOREIGN

    def stored(self, answer: Answer) -> None:
        """The answer is committed: the poll is done, and the terminal may be asked for its next."""
        session = answer.session
        if answer.poll is not None:
            self._schedule.finish(answer.poll)
            session.exchange = None
            if session.is_open:
                self.ask(session)

    def expire(self) -> None:
        """Repeat requests whose time is over, or give the attempt up after the last try."""
        for session in self._timeouts.advance(self._edge.monotonic()):
            # A false start may have held the answer back; what can still be read is read now.
            session.line.settle()
            exchange = session.exchange
            if session in self._timeouts or exchange is None or exchange.is_whole:
                continue
            if exchange.tries < self._settings.tries:
                exchange.begin_again()
                self._tally.retries += 1
                self._send(session, exchange)
            else:
                self._fail(session, exchange, self._silence(exchange))

    def leave(self, session: Session, reason: str, *, is_meters_fault: bool) -> None:
        """
        A session has ended: its request in flight fails, the polls not asked yet go back to the table.

        is_meters_fault   put the poll off; otherwise it may be asked again at once
        """
        self.hungry.discard(session.terminal_id)
        self._timeouts.cancel(session)
        self._schedule.forget_terminal(session.terminal_id)
        exchange = session.exchange
        if exchange is None or exchange.is_whole:
            return
        session.exchange = None
        if is_meters_fault:
            self._put_off(exchange.poll, reason)
        else:
            self._schedule.finish(exchange.poll)
            poll = exchange.poll
            self._backlog.outcome(Outcome(poll.poll_id, poll.attempts, poll.not_before, reason))

    def _begin(self, session: Session, poll: Poll) -> None:
        """Send the first request of a poll, or settle at once what cannot be asked."""
        today = self._edge.now().astimezone(self._settings.zone).date()
        try:
            exchange = Exchange(poll, requests_for(poll.item, poll.meter_address, poll.day, today))
            self._send(session, exchange)
        except NotYet as error:
            self._put_off(poll, _told(error))
        except (UnknownItem, TooLongAgo, NotBcd) as error:
            self._give_up(poll, _told(error))
        else:
            session.exchange = exchange

    def _send(self, session: Session, exchange: Exchange) -> None:
        request = exchange.request()
        wake_up = Frame(request.address, request.control, request.data, self._settings.wake_up_bytes)
        session.line.send(encode_frame(wake_up))
        self._timeouts.set(session, self._edge.monotonic() + self._settings.request_seconds)

    def _keep(self, session: Session, exchange: Exchange) -> None:
        """Queue the answer; the poll stays in flight until it is committed."""
        self._timeouts.cancel(session)
        self._backlog.answer(
            Answer(session, exchange.poll, exchange.meter_address, exchange.raw, self._edge.now())
        )
        self._edge.wake()

    def _refused(self, session: Session, exchange: Exchange) -> None:
        names = error_names(STANDARD_2007, exchange.refusal)
        told = f"Refused: meter {exchange.meter_address} says {', '.join(names) or exchange.refusal.hex()}"
        if NO_SUCH_DATA in names:
            self._leave_poll(session)
            self._give_up(exchange.poll, told)
            self.ask(session)
        else:
            self._fail(session, exchange, told)

    def _fail(self, session: Session, exchange: Exchange, told: str) -> None:
        """End the attempt, put the poll off, go on with the terminal's next."""
        self._leave_poll(session)
        self._put_off(exchange.poll, told)
        self.ask(session)

    def _leave_poll(self, session: Session) -> None:
        session.exchange = None
        self._timeouts.cancel(session)

    def _put_off(self, poll: Poll, told: str) -> None:
        again = retry_at(self._edge.now(), poll.attempts)
        self._settle(Outcome(poll.poll_id, poll.attempts + 1, again, told), poll)

    def _give_up(self, poll: Poll, told: str) -> None:
        self._tally.given_up += 1
        now = self._edge.now()
        self._settle(Outcome(poll.poll_id, poll.attempts + 1, poll.not_before, told, now), poll)

    def _settle(self, outcome: Outcome, poll: Poll) -> None:
        self._schedule.finish(poll)
        self._backlog.outcome(outcome)
        self._edge.wake()

    def _silence(self, exchange: Exchange) -> str:
        seconds = self._settings.request_seconds
        return (
            f"MeterSilent: meter {exchange.meter_address}: no answer in {seconds:g} s, {exchange.tries} tries"
        )


def _told(error: TradeError) -> str:
    return f"{error.name}: {error.message}"
