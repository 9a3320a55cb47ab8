"""Sessions, requests, time-outs and acknowledgements, in virtual time and without a database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from headend.stage import METER, PROFILE, START, TERMINAL, TODAY, RememberingLine, Stage, poll
from mingdu.headend.backlog import Outcome
from mingdu.headend.sessions import Hold
from mingdu.headend.settings import Settings
from mingdu.headend.store import Admission
from mingdu.wire.dlt645.frame import Frame, encode_frame
from mingdu.wire.dlt645.replies import NO_SUCH_DATA, OTHER_ERROR, energies_payload, error_reply, read_reply
from mingdu.wire.dlt645.stream import Garbage
from mingdu.wire.dtu import write_heartbeat

ENERGY = 0x0001FF00
REPLY = read_reply(METER, ENERGY, energies_payload([1_234_567]))


@pytest.fixture
def stage() -> Stage:
    return Stage()


def outcomes(stage: Stage) -> list[Outcome]:
    return stage.commit().outcomes


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


class TestAsking:
    def test_one_request_is_in_flight_and_the_next_waits_for_the_commit(self, stage: Stage) -> None:
        line = stage.log_in()
        stage.desk.asker.take([poll(1), poll(2, "clock")])
        assert len(line.sent) == 1
        stage.hear(line, REPLY)
        assert len(line.sent) == 1
        batch = stage.commit()
        assert [answer.poll.poll_id for answer in batch.answers if answer.poll] == [1]
        assert [request.data_id for request in line.requests()] == [ENERGY, 0x04000101]

    def test_requests_wake_the_line_and_carry_the_meters_address(self, stage: Stage) -> None:
        line = stage.log_in()
        stage.desk.asker.take([poll()])
        (request,) = line.requests()
        assert (request.address, request.preamble) == (METER, 4)

    def test_a_terminal_without_polls_is_hungry(self, stage: Stage) -> None:
        stage.log_in()
        assert stage.desk.asker.hungry == {7}
        stage.desk.asker.hungry.clear()
        assert stage.desk.asker.look_again() == []
        assert stage.desk.asker.hungry == {7}

    def test_a_busy_terminal_is_looked_up_for_urgent_polls_only(self, stage: Stage) -> None:
        stage.log_in()
        stage.desk.asker.hungry.clear()
        stage.desk.asker.take([poll()])
        assert stage.desk.asker.look_again() == [7]
        assert stage.desk.asker.hungry == set()

    def test_polls_of_a_terminal_that_left_meanwhile_are_passed_over(self, stage: Stage) -> None:
        stage.desk.asker.take([poll()])
        line = stage.log_in()
        assert line.sent == []

    def test_terminals_are_asked_side_by_side(self, stage: Stage) -> None:
        here, there = stage.log_in(), stage.log_in("053010000002", 8)
        stage.desk.asker.take([poll(1), poll(2, terminal_id=8, meter_address="202611230043")])
        stage.hear(there, read_reply("202611230043", ENERGY, energies_payload([1])))
        stage.hear(here, REPLY)
        assert [answer.meter_address for answer in stage.commit().answers] == ["202611230043", METER]

    def test_what_cannot_exist_yet_is_put_off(self, stage: Stage) -> None:
        line = stage.log_in()
        stage.desk.asker.take([poll(item="daily_freeze", day=TODAY + timedelta(days=1))])
        (outcome,) = outcomes(stage)
        assert line.sent == []
        assert outcome.given_up_at is None
        assert outcome.not_before == START + timedelta(minutes=5)
        assert outcome.error.startswith("NotYet: ")

    @pytest.mark.parametrize(
        ("changes", "name"),
        [
            ({"item": "temperature"}, "UnknownItem"),
            ({"item": "daily_freeze", "day": TODAY - timedelta(days=90)}, "TooLongAgo"),
            ({"meter_address": "20261123004X"}, "NotBcd"),
        ],
    )
    def test_what_can_never_be_asked_is_given_up_and_the_next_is_asked(
        self, stage: Stage, changes: dict[str, object], name: str
    ) -> None:
        line = stage.log_in()
        stage.desk.asker.take([poll(1, lane=1, **changes), poll(2)])
        (outcome,) = outcomes(stage)
        assert (outcome.poll_id, outcome.given_up_at) == (1, START)
        assert outcome.error.startswith(f"{name}: ")
        assert [request.data_id for request in line.requests()] == [ENERGY]
        assert stage.tally.given_up == 1


class TestSilence:
    def test_three_tries_then_back_off(self, stage: Stage) -> None:
        line = stage.log_in()
        stage.desk.asker.take([poll()])
        stage.pass_time(4.9)
        assert len(line.sent) == 1
        stage.pass_time(5.3)
        assert len(line.sent) == 3
        stage.pass_time(5.0)
        assert len(line.sent) == 3
        assert stage.tally.retries == 2
        (outcome,) = outcomes(stage)
        assert outcome.attempts == 1
        assert outcome.error == f"MeterSilent: meter {METER}: no answer in 5 s, 3 tries"
        assert START + timedelta(minutes=5) < outcome.not_before < START + timedelta(minutes=6)

    def test_later_attempts_wait_longer(self, stage: Stage) -> None:
        stage.log_in()
        stage.desk.asker.take([poll(attempts=4)])
        stage.pass_time(15.5)
        (outcome,) = outcomes(stage)
        assert outcome.attempts == 5
        assert outcome.not_before > START + timedelta(minutes=80)

    def test_a_late_answer_counts_for_the_try_that_runs(self, stage: Stage) -> None:
        line = stage.log_in()
        stage.desk.asker.take([poll()])
        stage.pass_time(6.0)
        stage.hear(line, REPLY)
        assert len(stage.commit().answers) == 1
        stage.pass_time(20.0)
        assert outcomes(stage) == []

    def test_each_part_has_its_own_patience_and_a_lost_one_begins_the_read_again(self, stage: Stage) -> None:
        line = stage.log_in()
        stage.desk.asker.take([poll()])
        parts = [read_reply(METER, ENERGY, bytes(500), sequence) for sequence in range(3)]
        stage.pass_time(4.0)
        stage.hear(line, parts[0])
        stage.pass_time(4.0)
        stage.hear(line, parts[1])
        stage.pass_time(6.0)
        assert [request.control for request in line.requests()] == [0x11, 0x12, 0x12, 0x11]
        for part in parts:
            stage.hear(line, part)
        (answer,) = stage.commit().answers
        assert answer.raw == b"".join(encode_frame(part) for part in parts)

    def test_bytes_that_a_false_start_held_back_are_read_at_the_time_out(self, stage: Stage) -> None:
        line = stage.log_in()
        stage.desk.asker.take([poll()])
        stage.pass_time(5.2)
        assert line.settled == 1

    def test_an_answer_found_at_the_time_out_needs_no_retry(self, stage: Stage) -> None:
        line = stage.log_in()
        line.settle = lambda: stage.hear(line, REPLY)  # type: ignore[method-assign]
        stage.desk.asker.take([poll()])
        stage.pass_time(5.2)
        assert len(stage.commit().answers) == 1
        assert stage.tally.retries == 0

    @pytest.mark.parametrize("noise", ["echo", "wrong checksum"])
    def test_an_echo_or_a_wrong_checksum_stays_in_the_same_try(self, stage: Stage, noise: str) -> None:
        line = stage.log_in()
        stage.desk.asker.take([poll()])
        stage.pass_time(3.0)
        if noise == "echo":
            stage.hear(line, line.requests()[0])
        else:
            assert line.session is not None
            stage.desk.heard(line.session, Garbage("BadChecksum", 16, b""), b"")
            assert stage.tally.bad_frames == 1
        assert len(line.sent) == 1
        stage.hear(line, REPLY)
        assert len(stage.commit().answers) == 1
        assert stage.tally.retries == 0

    def test_a_lost_connection_puts_the_poll_off(self, stage: Stage) -> None:
        line = stage.log_in()
        stage.desk.asker.take([poll(1), poll(2)])
        stage.desk.disconnected(line)
        stage.desk.disconnected(line)
        batch = stage.commit()
        assert [(each.poll_id, each.error) for each in batch.outcomes] == [(1, "connection lost")]
        assert batch.outcomes[0].not_before == START + timedelta(minutes=5)
        assert [ending.reason for ending in batch.endings] == ["connection lost"]
        again = stage.log_in()
        stage.desk.asker.take([poll(2)])
        assert len(again.sent) == 1


class TestRefusals:
    def test_no_such_data_is_given_up_at_once(self, stage: Stage) -> None:
        line = stage.log_in()
        stage.desk.asker.take([poll(1), poll(2)])
        stage.hear(line, error_reply(Frame(METER, 0x11), METER, NO_SUCH_DATA))
        batch = stage.commit()
        (outcome,) = batch.outcomes
        assert (outcome.poll_id, outcome.given_up_at) == (1, START)
        assert outcome.error == f"Refused: meter {METER} says no_such_data"
        assert batch.answers == []
        assert len(line.sent) == 2

    @pytest.mark.parametrize(("word", "told"), [(OTHER_ERROR, "other"), (0, "00")])
    def test_another_refusal_is_tried_again_later(self, stage: Stage, word: int, told: str) -> None:
        line = stage.log_in()
        stage.desk.asker.take([poll()])
        stage.hear(line, error_reply(Frame(METER, 0x11), METER, word))
        (outcome,) = outcomes(stage)
        assert outcome.given_up_at is None
        assert outcome.error.endswith(f"says {told}")
        stage.pass_time(20.0)
        assert len(line.sent) == 1

    def test_an_answer_without_end_is_put_off(self, stage: Stage) -> None:
        line = stage.log_in()
        stage.desk.asker.take([poll()])
        head = ENERGY.to_bytes(4, "little")
        stage.hear(line, Frame(METER, 0xB1, head + b"\x00"))
        for sequence in range(1, 256):
            stage.hear(line, Frame(METER, 0xB2, head + b"\x00" + bytes((sequence,))))
        (outcome,) = outcomes(stage)
        assert outcome.error.startswith("TooManyParts")
        assert outcome.given_up_at is None


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
