"""
Who is connected, who may be, and what their bytes mean. No socket, no SQL: lines and time come in.

The listener hands every line and every piece to the desk; the head end hands it what the database said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import Final

from mingdu.wire.dlt645.frame import Frame
from mingdu.wire.dlt645.stream import Garbage
from mingdu.wire.dtu import Heartbeat, Registration, TerminalProfile, write_heartbeat

from .asker import Asker
from .backlog import Answer, Backlog, Ending
from .counters import Tally
from .edge import Edge
from .quarantine import Quarantine
from .sessions import Hold, Line, Login, Session
from .settings import Settings
from .store import Admission
from .wheel import Wheel

SESSION_REPLACED: Final = "session replaced"
CONNECTION_LOST: Final = "connection lost"
NO_HEARTBEAT: Final = "no heartbeat"
OTHER_ADDRESS: Final = "another address on one connection"
HEAD_END_STOPPED: Final = "head end stopped"


class Desk:
    """
    The sessions of one head end.

    sessions   terminal id to its one open session
    asker      what is asked of their meters
    """

    def __init__(self, settings: Settings, edge: Edge, backlog: Backlog, tally: Tally) -> None:
        self._settings = settings
        self._edge = edge
        self._backlog = backlog
        self._tally = tally
        self.sessions: dict[int, Session] = {}
        self._logins: dict[str, Login] = {}
        self.asker = Asker(settings, edge, backlog, tally, self.sessions)
        self._quarantine = Quarantine()
        self._lines: set[Line] = set()
        self._is_full = False
        self._silence: Wheel[Line] = Wheel(edge.monotonic())

    @property
    def profiles(self) -> tuple[TerminalProfile, ...]:
        """How terminals may introduce themselves."""
        return self._settings.profiles

    def connected(self, line: Line) -> None:
        """Somebody dialled in; he must say who he is in time."""
        self._lines.add(line)
        self._silence.set(line, self._edge.monotonic() + self._settings.login_seconds)
        if self._is_full:
            line.hold(Hold.FULL)

    def introduced(self, line: Line, profile: TerminalProfile, address: str) -> None:
        """A line has said who it is; nothing more is read from it until the table has been asked."""
        older = self._logins.pop(address, None)
        if older is not None:
            older.line.close()
        if len(self._logins) >= self._settings.logins_waiting:
            line.close()
            return
        line.hold(Hold.LOGIN)
        self._logins[address] = Login(address, profile, line)
        self._edge.wake()

    def waiting_logins(self) -> list[Login]:
        """Return the log-ins to be decided, one an address; who hung up meanwhile is forgotten."""
        self._logins = {address: each for address, each in self._logins.items() if each.line in self._lines}
        return list(self._logins.values())

    def decide(self, logins: Iterable[Login], admissions: Mapping[str, Admission]) -> None:
        """Let registered terminals in and turn strangers away, as the table said."""
        for login in logins:
            if self._logins.get(login.address) is login:
                del self._logins[login.address]
            admission = admissions.get(login.address)
            if admission is not None:
                self._admit(login, admission)
            elif login.line in self._lines:
                self._refuse(login)

    def heard(self, session: Session, piece: object, raw: bytes) -> None:
        """Take one piece of a session's stream with its bytes."""
        if isinstance(piece, Garbage):
            self._tally.bad_frames += 1
            return
        self._silence.set(session.line, self._edge.monotonic() + self._settings.silence_seconds)
        if isinstance(piece, Frame):
            self._take_frame(session, piece, raw)
        elif isinstance(piece, Registration | Heartbeat):
            if piece.address == session.address:
                self._backlog.beat(session.number, self._edge.now())
            else:
                self._end(session, OTHER_ADDRESS)

    def rejected(self, line: Line, reason: str) -> None:
        """A line sent what nobody understands: it is closed."""
        self._tally.bad_frames += 1
        if line.session is not None:
            self._end(line.session, reason)
        line.close()

    def disconnected(self, line: Line) -> None:
        """The connection is gone, whoever closed it."""
        self._lines.discard(line)
        self._silence.cancel(line)
        if line.session is not None and line.session.is_open:
            self._end(line.session, CONNECTION_LOST)

    def tick(self) -> None:
        """Let time-outs happen."""
        now = self._edge.monotonic()
        self.asker.expire()
        for line in self._silence.advance(now):
            if line.session is not None and line.session.is_open:
                self._end(line.session, NO_HEARTBEAT)
            line.close()
        self._sight(now)

    def stored(self, answers: Iterable[Answer]) -> None:
        """Acknowledge what has been committed, in order."""
        for answer in answers:
            self._tally.stored += 1
            session = answer.session
            if answer.poll is None and session.is_open:
                session.line.send(write_heartbeat(session.address, session.profile))
            self.asker.stored(answer)
        if self._is_full and self._backlog.has_room:
            self._is_full = False
            for line in list(self._lines):
                line.release(Hold.FULL)

    def close_all(self) -> None:
        """End all sessions because the head end stops; polls in flight stay open in the table."""
        for login in self._logins.values():
            login.line.close()
        self._logins.clear()
        for session in list(self.sessions.values()):
            self._end(session, HEAD_END_STOPPED)
        for line in list(self._lines):
            line.close()
        # The counts of the running minute, too.
        self._sight(inf)

    def _sight(self, now: float) -> None:
        for sighting in self._quarantine.due(now):
            self._backlog.sight(sighting)
            self._edge.wake()

    def _admit(self, login: Login, admission: Admission) -> None:
        line = login.line
        if line not in self._lines:
            # It hung up while the table was asked; its row exists and is ended.
            self._backlog.end(Ending(admission.session_number, self._edge.now(), CONNECTION_LOST))
            return
        older = self.sessions.get(admission.terminal_id)
        if older is not None:
            self._tally.replaced += 1
            self._end(older, SESSION_REPLACED)
        session = Session(admission.session_number, admission.terminal_id, login.address, login.profile, line)
        line.session = session
        self.sessions[session.terminal_id] = session
        self._silence.set(line, self._edge.monotonic() + self._settings.silence_seconds)
        self.asker.ask(session)
        line.release(Hold.LOGIN)

    def _refuse(self, login: Login) -> None:
        self._tally.quarantined += 1
        self._quarantine.note(login.address, login.line.peer, self._edge.now(), self._edge.monotonic())
        login.line.close()

    def _take_frame(self, session: Session, frame: Frame, raw: bytes) -> None:
        """Hand an answer to the asker; keep what a meter sends unasked; pass over our own echo."""
        self._tally.frames += 1
        if not frame.is_from_meter or self.asker.answer(session, frame, raw) or frame.is_error:
            return
        self._backlog.answer(Answer(session, None, frame.address, raw, self._edge.now()))
        self._edge.wake()
        if self._backlog.is_full and not self._is_full:
            self._is_full = True
            for line in self._lines:
                line.hold(Hold.FULL)

    def _end(self, session: Session, reason: str) -> None:
        if not session.is_open:
            return
        session.is_open = False
        del self.sessions[session.terminal_id]
        self._backlog.end(Ending(session.number, self._edge.now(), reason))
        if reason != HEAD_END_STOPPED:
            self.asker.leave(session, reason, is_meters_fault=reason != SESSION_REPLACED)
        session.line.close()
        self._edge.wake()
