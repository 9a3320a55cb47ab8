"""What waits for the database: bounded, handed out in batches, forgotten only when it was committed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from .schedule import Poll
from .sessions import Session


@dataclass(frozen=True, slots=True)
class Answer:
    """The frames of one answer as they came; `poll` is None for a frame that nobody asked for (主动上报)."""

    session: Session
    poll: Poll | None
    meter_address: str
    raw: bytes = field(repr=False)
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """A poll that was not answered: try again at `not_before`, or never (`given_up_at`)."""

    poll_id: int
    attempts: int
    not_before: datetime
    error: str
    given_up_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """A session is over."""

    session_number: int
    ended_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Sighting:
    """An unregistered terminal dialled in, `tries` times since the last one written."""

    address: str
    peer: str
    first_at: datetime
    latest_at: datetime
    tries: int


@dataclass(slots=True)
class Batch:
    """What one transaction writes."""

    answers: list[Answer] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    beats: dict[int, datetime] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Nothing is to be written."""
        return not (self.answers or self.outcomes or self.endings or self.sightings or self.beats)


class Backlog:
    """
    Answers, outcomes and session news in the order of their arrival.

    Answers are bounded by the listener, which stops reading while `is_full`; the other lists are bounded
    by the number of polls in memory, of sessions and of addresses in quarantine.
    """

    def __init__(self, rows_waiting: int) -> None:
        self._rows_waiting = rows_waiting
        self._answers: deque[Answer] = deque()
        self._rest = Batch()
        self._writing: Batch | None = None

    @property
    def waiting(self) -> int:
        """Count the answers that are not committed."""
        return len(self._answers) + (len(self._writing.answers) if self._writing else 0)

    @property
    def is_full(self) -> bool:
        """Reading must stop."""
        return self.waiting >= self._rows_waiting

    @property
    def has_room(self) -> bool:
        """Reading may go on: half of the room is free again."""
        return self.waiting <= self._rows_waiting // 2

    @property
    def is_empty(self) -> bool:
        """Nothing waits, not even a heartbeat."""
        return self._writing is None and not self._answers and self._rest.is_empty

    def answer(self, answer: Answer) -> None:
        """Keep an answer for the next commit."""
        self._answers.append(answer)

    def outcome(self, outcome: Outcome) -> None:
        """Keep the outcome of a poll."""
        self._rest.outcomes.append(outcome)

    def end(self, ending: Ending) -> None:
        """Keep the end of a session."""
        self._rest.beats.pop(ending.session_number, None)
        self._rest.endings.append(ending)

    def sight(self, sighting: Sighting) -> None:
        """Keep the sighting of a stranger."""
        self._rest.sightings.append(sighting)

    def beat(self, session_number: int, at: datetime) -> None:
        """Keep a heartbeat; of one session only the latest counts."""
        self._rest.beats[session_number] = at

    def next_batch(self, rows: int, *, with_beats: bool) -> Batch:
        """Return what to write; the same batch again until `written` is called."""
        if self._writing is None:
            batch, self._rest = self._rest, Batch()
            if not with_beats:
                batch.beats, self._rest.beats = {}, batch.beats
            batch.answers = [self._answers.popleft() for _ in range(min(rows, len(self._answers)))]
            self._writing = batch
        return self._writing

    def written(self) -> None:
        """Forget the batch: it is committed."""
        self._writing = None
