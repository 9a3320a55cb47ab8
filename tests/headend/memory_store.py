"""A store without a database: a register of terminals, polls, and a commit that the test may hold back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mingdu.headend.backlog import Answer, Batch, Ending, Outcome, Sighting
from mingdu.headend.schedule import Poll
from mingdu.headend.sessions import Login
from mingdu.headend.store import Admission, StoreLost


@dataclass
class MemoryStore:
    """
    Stands in for `Store`.

    known       terminal address to id
    polls       open polls by id
    is_down     every call fails
    may_commit  a commit waits until this is set
    changed     set after every commit, for tests that wait
    """

    known: dict[str, int]
    polls: dict[int, Poll] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    beats: dict[int, datetime] = field(default_factory=dict)
    opened: int = 0
    opens: list[list[int]] = field(default_factory=list)
    is_down: bool = False
    loses_next_commit: bool = False
    may_commit: asyncio.Event = field(default_factory=asyncio.Event)
    commits_begun: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self.may_commit.set()

    async def open(self, sessions: Sequence[int], at: datetime) -> None:
        await self._answering()
        self.opens.append(list(sessions))

    async def close(self) -> None:
        await self._tell()

    async def open_sessions(self, logins: Sequence[Login], at: datetime) -> dict[str, Admission]:
        await self._answering()
        admissions = {}
        for login in logins:
            if login.address in self.known:
                self.opened += 1
                admissions[login.address] = Admission(self.known[login.address], self.opened)
        await self._tell()
        return admissions

    async def due_polls(self, terminals: Sequence[int], at: datetime, *, lane: int, most: int) -> list[Poll]:
        await self._answering()
        found: list[Poll] = []
        for terminal in terminals:
            due = [
                poll
                for poll in self.polls.values()
                if poll.terminal_id == terminal and poll.lane <= lane and poll.not_before <= at
            ]
            found += sorted(due, key=lambda poll: (poll.lane, poll.not_before, poll.poll_id))[:most]
        return found

    async def write(self, batch: Batch) -> None:
        await self._answering()
        self.commits_begun += 1
        await self._tell()
        await self.may_commit.wait()
        await self._answering()
        self._keep(batch)
        await self._tell()
        if self.loses_next_commit:
            self.loses_next_commit = False
            raise StoreLost("the connection broke behind the commit")

    async def until(self, holds: object) -> None:
        """Wait until a condition holds; it is looked at after every change."""
        assert callable(holds)
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(holds)

    def _keep(self, batch: Batch) -> None:
        self.answers += batch.answers
        self.outcomes += batch.outcomes
        self.endings += batch.endings
        self.sightings += batch.sightings
        self.beats |= batch.beats
        done = [answer.poll.poll_id for answer in batch.answers if answer.poll]
        done += [outcome.poll_id for outcome in batch.outcomes if outcome.given_up_at]
        for poll_id in done:
            self.polls.pop(poll_id, None)

    async def _answering(self) -> None:
        if self.is_down:
            raise StoreLost("the database is away")

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()
