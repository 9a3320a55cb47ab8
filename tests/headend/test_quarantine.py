"""Strangers: every one is seen, none floods the table."""

from __future__ import annotations

from datetime import timedelta

from headend.stage import START
from mingdu.headend.backlog import Sighting
from mingdu.headend.quarantine import Quarantine


def test_the_first_try_is_written_at_once() -> None:
    quarantine = Quarantine()
    quarantine.note("999900000001", "10.0.0.1:4000", START, 0.0)
    assert quarantine.due(0.0) == [Sighting("999900000001", "10.0.0.1:4000", START, START, 1)]


def test_further_tries_of_a_minute_are_counted_and_written_once() -> None:
    quarantine = Quarantine()
    for second in range(200):
        quarantine.note(
            "999900000001", f"10.0.0.1:{second}", START + timedelta(seconds=second / 4), second / 4
        )
        quarantine.due(second / 4)
    assert quarantine.due(59.9) == []
    (sighting,) = quarantine.due(60.0)
    assert sighting.tries == 199
    assert sighting.peer == "10.0.0.1:199"
    assert sighting.first_at == START + timedelta(seconds=1 / 4)
    assert sighting.latest_at == START + timedelta(seconds=199 / 4)


def test_a_quiet_minute_is_forgotten() -> None:
    quarantine = Quarantine()
    quarantine.note("999900000001", "10.0.0.1:1", START, 0.0)
    quarantine.due(0.0)
    assert quarantine.due(60.0) == []
    quarantine.note("999900000001", "10.0.0.1:2", START, 61.0)
    assert [sighting.tries for sighting in quarantine.due(61.0)] == [1]


def test_more_addresses_than_fit_leave_no_row() -> None:
    quarantine = Quarantine(addresses_max=2)
    for address in ("999900000001", "999900000002", "999900000003"):
        quarantine.note(address, "10.0.0.1:1", START, 0.0)
    assert [sighting.address for sighting in quarantine.due(0.0)] == ["999900000001", "999900000002"]
