"""Requests, time-outs, retries and refusals, in virtual time and without a database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from headend.stage import METER, START, TODAY, Stage, poll
from mingdu.headend.backlog import Outcome
from mingdu.wire.dlt645.frame import Frame, encode_frame
from mingdu.wire.dlt645.replies import NO_SUCH_DATA, OTHER_ERROR, energies_payload, error_reply, read_reply
from mingdu.wire.dlt645.stream import Garbage

ENERGY = 0x0001FF00
REPLY = read_reply(METER, ENERGY, energies_payload([1_234_567]))


@pytest.fixture
def stage() -> Stage:
    return Stage()


def outcomes(stage: Stage) -> list[Outcome]:
    return stage.commit().outcomes


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
        # What had not been asked went back to the table, which alone knows whether it still stands.
        assert again.sent == []
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
