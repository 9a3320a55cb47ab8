"""A desk in virtual time, with lines that only remember: what the tests of the pure parts stand on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from mingdu.headend.backlog import Backlog, Batch
from mingdu.headend.counters import Tally
from mingdu.headend.desk import Desk
from mingdu.headend.edge import Edge
from mingdu.headend.schedule import Poll
from mingdu.headend.sessions import Hold, Login, Session
from mingdu.headend.settings import Settings
from mingdu.headend.store import Admission
from mingdu.wire.dlt645.frame import Frame, decode_frame, encode_frame
from mingdu.wire.dtu import Heartbeat, TerminalProfile

PROFILE = TerminalProfile("dtu-demo", registration_prefix=b"\x4d\x44", heartbeat_prefix=b"\xfe\x00")
TERMINAL = "053010000001"
METER = "202611230042"
# 2027-01-04 09:00 in the utility's zone.
START = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
TODAY = date(2027, 1, 4)


class VirtualTime:
    """Both clocks of the edge, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds - 1000.0)


class RememberingLine:
    """A line without a socket."""

    def __init__(self, peer: str = "127.0.0.1:40001") -> None:
        self.peer = peer
        self.session: Session | None = None
        self.sent: list[bytes] = []
        self.holds = Hold.NONE
        self.is_closed = False
        self.settled = 0

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.is_closed = True

    def hold(self, why: Hold) -> None:
        self.holds |= why

    def release(self, why: Hold) -> None:
        self.holds &= ~why

    def settle(self) -> None:
        self.settled += 1

    def requests(self) -> list[Frame]:
        """The requests that were sent, as frames."""
        return [decode_frame(data) for data in self.sent]


class Stage:
    """A desk with its backlog; the table is played by the test."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.time = VirtualTime()
        self.settings = settings or Settings((PROFILE,))
        self.backlog = Backlog(self.settings.rows_waiting)
        self.tally = Tally()
        self.woken = 0
        self.desk = Desk(
            self.settings, Edge(self.time.now, self.time.monotonic, self._wake), self.backlog, self.tally
        )
        self._sessions_opened = 0

    def _wake(self) -> None:
        self.woken += 1

    def dial(self, address: str = TERMINAL) -> RememberingLine:
        """Connect and say who it is; not yet admitted."""
        line = RememberingLine()
        self.desk.connected(line)
        self.desk.introduced(line, PROFILE, address)
        return line

    def log_in(self, address: str = TERMINAL, terminal_id: int = 7) -> RememberingLine:
        """Connect, and let the table know the terminal."""
        line = self.dial(address)
        self.decide({address: terminal_id})
        return line

    def decide(self, known: dict[str, int]) -> list[Login]:
        """Answer the waiting log-ins from a register of terminals."""
        logins = self.desk.waiting_logins()
        admissions = {}
        for login in logins:
            if login.address in known:
                self._sessions_opened += 1
                admissions[login.address] = Admission(known[login.address], self._sessions_opened)
        self.desk.decide(logins, admissions)
        return logins

    def hear(self, line: RememberingLine, frame: Frame) -> None:
        """Let a meter's frame arrive on a line."""
        assert line.session is not None
        self.desk.heard(line.session, frame, encode_frame(frame))

    def beat(self, line: RememberingLine, address: str = TERMINAL) -> None:
        """Let a heartbeat arrive on a line."""
        assert line.session is not None
        packet = Heartbeat(address, 8)
        self.desk.heard(line.session, packet, b"")

    def commit(self) -> Batch:
        """Write what waits, and acknowledge it."""
        batch = self.backlog.next_batch(1000, with_beats=True)
        self.backlog.written()
        self.desk.stored(batch.answers)
        return batch

    def pass_time(self, seconds: float) -> None:
        """Let time go by in ticks, as the head end's one timer does."""
        end = self.time.seconds + seconds
        while self.time.seconds < end:
            self.time.seconds = min(self.time.seconds + 0.05, end)
            self.desk.tick()


def poll(poll_id: int = 1, item: str = "energy", **changes: object) -> Poll:
    """A poll that is due now."""
    values: dict[str, object] = {
        "poll_id": poll_id,
        "terminal_id": 7,
        "meter_address": METER,
        "item": item,
        "day": TODAY,
        "lane": 5,
        "attempts": 0,
        "not_before": START,
    }
    return Poll(**(values | changes))  # type: ignore[arg-type]
