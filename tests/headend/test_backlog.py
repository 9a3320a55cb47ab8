"""What waits for the database: nothing is forgotten before it is committed."""

from __future__ import annotations

from headend.stage import METER, START, RememberingLine, Stage
from mingdu.headend.backlog import Answer, Backlog, Ending, Outcome
from mingdu.headend.sessions import Session


def answer(raw: bytes) -> Answer:
    line: RememberingLine = Stage().log_in()
    assert isinstance(line.session, Session)
    return Answer(line.session, None, METER, raw, START)


def test_a_batch_is_handed_out_again_until_it_is_written() -> None:
    backlog = Backlog(10)
    backlog.answer(answer(b"first"))
    batch = backlog.next_batch(5, with_beats=True)
    backlog.answer(answer(b"second"))
    assert backlog.next_batch(5, with_beats=True) is batch
    assert backlog.waiting == 2
    backlog.written()
    assert [each.raw for each in backlog.next_batch(5, with_beats=True).answers] == [b"second"]
    backlog.written()
    assert backlog.is_empty


def test_a_large_backlog_is_written_in_pieces_in_order() -> None:
    backlog = Backlog(10)
    for number in range(5):
        backlog.answer(answer(bytes((number,))))
    sizes = []
    while not backlog.is_empty:
        sizes.append([each.raw[0] for each in backlog.next_batch(2, with_beats=True).answers])
        backlog.written()
    assert sizes == [[0, 1], [2, 3], [4]]


def test_it_is_full_at_its_bound_and_has_room_at_half() -> None:
    backlog = Backlog(4)
    for number in range(4):
        assert not backlog.is_full
        backlog.answer(answer(bytes((number,))))
    assert backlog.is_full
    backlog.next_batch(1, with_beats=False)
    backlog.written()
    assert not backlog.is_full
    assert not backlog.has_room
    backlog.next_batch(1, with_beats=False)
    backlog.written()
    assert backlog.has_room


def test_the_heartbeat_of_an_ended_session_is_not_written() -> None:
    backlog = Backlog(4)
    backlog.beat(3, START)
    backlog.end(Ending(3, START, "connection lost"))
    batch = backlog.next_batch(10, with_beats=True)
    assert batch.beats == {}
    assert len(batch.endings) == 1


def test_heartbeats_wait_for_their_turn() -> None:
    backlog = Backlog(4)
    backlog.beat(3, START)
    backlog.outcome(Outcome(1, 1, START, "connection lost"))
    assert backlog.next_batch(10, with_beats=False).beats == {}
    backlog.written()
    assert not backlog.is_empty
    assert backlog.next_batch(10, with_beats=True).beats == {3: START}
