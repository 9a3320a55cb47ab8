"""Sessions, heartbeats, pushed frames and acknowledgements, in virtual time and without a database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from headend.stage import METER, PROFILE, START, TERMINAL, RememberingLine, Stage, poll
from mingdu.headend.backlog import Outcome
from mingdu.headend.sessions import Hold
from mingdu.headend.settings import Settings
from mingdu.headend.store import Admission
from mingdu.wire.dlt645.frame import Frame, encode_frame
from mingdu.wire.dlt645.replies import NO_SUCH_DATA, energies_payload, error_reply, read_reply
from mingdu.wire.dtu import write_heartbeat

ENERGY = 0x0001FF00
REPLY = read_reply(METER, ENERGY, energies_payload([1_234_567]))


@pytest.fixture
def stage() -> Stage:
    return Stage()


class TestLoggingIn:
    def test_a_registered_terminal_gets_a_session(self, stage: Stage) -> None:
        line = stage.log_in()
        assert line.session is not None
        assert (line.session.terminal_id, line.session.address) == (7, TERMINAL)
        assert line.holds is Hold.NONE

    def test_nothing_is_read_while_the_table_is_asked(self, stage: Stage) -> None:
        assert stage.dial().holds is Hold.LOGIN
        assert stage.woken

    def test_a_stranger_goes_to_quarantine_and_is_closed(self, stage: Stage) -> None:
        line = stage.dial("999900000001")
        stage.decide({TERMINAL: 7})
        stage.pass_time(0.1)
        (sighting,) = stage.commit().sightings
        assert line.is_closed
        assert (sighting.address, sighting.peer, sighting.tries) == ("999900000001", line.peer, 1)
        assert stage.tally.quarantined == 1
        assert not stage.desk.sessions

    def test_of_two_waiting_for_one_address_the_newer_stays(self, stage: Stage) -> None:
        older, newer = stage.dial(), stage.dial()
        stage.decide({TERMINAL: 7})
        assert older.is_closed
        assert newer.session is not None

    def test_who_hung_up_while_waiting_is_forgotten(self, stage: Stage) -> None:
        line = stage.dial()
        stage.desk.disconnected(line)
        assert stage.decide({TERMINAL: 7}) == []

    def test_who_hung_up_while_the_table_was_asked_leaves_an_ended_row(self, stage: Stage) -> None:
        line = stage.dial()
        logins = stage.desk.waiting_logins()
        stage.desk.disconnected(line)
        stage.desk.decide(logins, {TERMINAL: Admission(7, 31)})
        (ending,) = stage.commit().endings
        assert (ending.session_number, ending.reason) == (31, "connection lost")
        assert not stage.desk.sessions

    def test_a_stranger_who_hung_up_first_is_not_counted(self, stage: Stage) -> None:
        line = stage.dial("999900000001")
        logins = stage.desk.waiting_logins()
        stage.desk.disconnected(line)
        stage.desk.decide(logins, {})
        assert stage.tally.quarantined == 0

    def test_too_many_waiting_are_turned_away(self) -> None:
        stage = Stage(Settings((PROFILE,), logins_waiting=1))
        first, second = stage.dial("053010000001"), stage.dial("053010000002")
        assert not first.is_closed
        assert second.is_closed

    def test_who_does_not_say_who_he_is_is_closed(self, stage: Stage) -> None:
        line = RememberingLine()
        stage.desk.connected(line)
        stage.pass_time(29.0)
        assert not line.is_closed
        stage.pass_time(1.1)
        assert line.is_closed


class TestOneSessionATerminal:
    def test_the_newer_socket_wins_and_the_request_fails_as_replaced(self, stage: Stage) -> None:
        older = stage.log_in()
        stage.desk.asker.take([poll(attempts=2)])
        newer = stage.log_in()
        batch = stage.commit()
        assert older.is_closed
        assert stage.desk.sessions[7].line is newer
        assert [(each.session_number, each.reason) for each in batch.endings] == [(1, "session replaced")]
        # It may be asked again at once: the attempt does not count.
        assert batch.outcomes == [Outcome(1, 2, START, "session replaced")]
        assert stage.tally.replaced == 1

    def test_the_end_of_the_older_socket_does_not_end_the_newer_session(self, stage: Stage) -> None:
        older = stage.log_in()
        newer = stage.log_in()
        stage.commit()
        stage.desk.disconnected(older)
        assert stage.commit().endings == []
        assert stage.desk.sessions[7].line is newer

    def test_an_answer_that_waits_for_its_commit_outlives_its_session(self, stage: Stage) -> None:
        older = stage.log_in()
        stage.desk.asker.take([poll()])
        stage.hear(older, REPLY)
        stage.log_in()
        batch = stage.commit()
        assert [answer.raw for answer in batch.answers] == [encode_frame(REPLY)]
        assert batch.outcomes == []
        assert len(older.sent) == 1


class TestHeartbeats:
    def test_a_silent_session_ends(self, stage: Stage) -> None:
        line = stage.log_in()
        stage.pass_time(179.0)
        assert not line.is_closed
        stage.pass_time(1.1)
        assert line.is_closed
        assert [ending.reason for ending in stage.commit().endings] == ["no heartbeat"]

    def test_a_heartbeat_keeps_it_and_is_written_in_batches(self, stage: Stage) -> None:
        line = stage.log_in()
        for _ in range(4):
            stage.pass_time(100.0)
            stage.beat(line)
        assert not line.is_closed
        assert stage.backlog.next_batch(1000, with_beats=False).beats == {}
        stage.backlog.written()
        assert stage.commit().beats == {1: START + timedelta(seconds=400)}
        assert line.sent == []

    def test_a_heartbeat_for_another_address_ends_the_session(self, stage: Stage) -> None:
        line = stage.log_in()
        stage.beat(line, "053010000009")
        assert line.is_closed
        assert [ending.reason for ending in stage.commit().endings] == ["another address on one connection"]


class TestPushedFrames:
    def test_a_frame_that_nobody_asked_for_is_stored_then_acknowledged(self, stage: Stage) -> None:
        line = stage.log_in()
        stage.hear(line, REPLY)
        assert line.sent == []
        (answer,) = stage.commit().answers
        assert (answer.poll, answer.meter_address, answer.raw) == (None, METER, encode_frame(REPLY))
        assert line.sent == [write_heartbeat(TERMINAL, PROFILE)]
        assert stage.tally.stored == 1

    def test_a_pushed_frame_does_not_disturb_the_request_in_flight(self, stage: Stage) -> None:
        line = stage.log_in()
        stage.desk.asker.take([poll(item="clock")])
        stage.hear(line, REPLY)
        stage.commit()
        assert line.sent[1:] == [write_heartbeat(TERMINAL, PROFILE)]
        stage.pass_time(5.2)
        line.sent.remove(write_heartbeat(TERMINAL, PROFILE))
        assert [request.data_id for request in line.requests()] == [0x04000101, 0x04000101]

    def test_a_refusal_that_answers_nothing_is_not_stored(self, stage: Stage) -> None:
        line = stage.log_in()
        stage.hear(line, error_reply(Frame(METER, 0x11), METER, NO_SUCH_DATA))
        assert stage.commit().is_empty

    def test_after_its_session_nobody_is_acknowledged(self, stage: Stage) -> None:
        line = stage.log_in()
        stage.hear(line, REPLY)
        stage.desk.disconnected(line)
        assert len(stage.commit().answers) == 1
        assert line.sent == []

    def test_a_full_backlog_stops_all_reading_until_half_is_free(self) -> None:
        stage = Stage(Settings((PROFILE,), rows_waiting=4))
        pushing, idle = stage.log_in(), stage.log_in("053010000002", 8)
        for _ in range(4):
            stage.hear(pushing, REPLY)
        assert pushing.holds is Hold.FULL
        assert idle.holds is Hold.FULL
        late = RememberingLine()
        stage.desk.connected(late)
        assert late.holds is Hold.FULL
        # One more was already read when reading stopped: it is kept all the same.
        stage.hear(pushing, REPLY)
        assert stage.backlog.waiting == 5
        batch = stage.backlog.next_batch(2, with_beats=False)
        stage.backlog.written()
        stage.desk.stored(batch.answers)
        assert pushing.holds is Hold.FULL
        stage.commit()
        assert [line.holds for line in (pushing, idle, late)] == [Hold.NONE] * 3


class TestStopping:
    def test_strangers_of_the_running_minute_are_written(self, stage: Stage) -> None:
        for _ in range(3):
            stage.dial("999900000001")
            stage.decide({})
            stage.pass_time(0.1)
        assert [sighting.tries for sighting in stage.commit().sightings] == [1]
        stage.desk.close_all()
        assert [sighting.tries for sighting in stage.commit().sightings] == [2]

    def test_all_lines_close_and_the_request_in_flight_stays_open_in_the_table(self, stage: Stage) -> None:
        line, waiting, nameless = stage.log_in(), stage.dial("053010000002"), RememberingLine()
        stage.desk.connected(nameless)
        stage.desk.asker.take([poll()])
        stage.desk.close_all()
        batch = stage.commit()
        assert [each.is_closed for each in (line, waiting, nameless)] == [True] * 3
        assert [ending.reason for ending in batch.endings] == ["head end stopped"]
        assert batch.outcomes == []

    def test_bytes_that_nobody_understands_end_the_session(self, stage: Stage) -> None:
        line = stage.log_in()
        stage.desk.rejected(line, "garbage")
        assert line.is_closed
        assert [ending.reason for ending in stage.commit().endings] == ["garbage"]

    def test_bytes_that_nobody_understands_close_a_nameless_line(self, stage: Stage) -> None:
        line = RememberingLine()
        stage.desk.connected(line)
        stage.desk.rejected(line, "no registration")
        assert line.is_closed
        assert stage.commit().is_empty
