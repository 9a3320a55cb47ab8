"""Frames of the inbox become readings; a bad one keeps its name and blocks no other."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from mingdu.base.actors import SYSTEM
from mingdu.base.database import reading_connection
from mingdu.core.registers import Register
from mingdu.metering import queries
from mingdu.metering.intake.frames import Asked, RecordSaid, read_answer
from mingdu.metering.models import InboxFrame, Meter, Poll, Terminal
from mingdu.metering.operations import accept_readings, ingest_inbox
from mingdu.metering.operations.ingest import interval_digits
from mingdu.metering.zone import zone
from mingdu.wire.dlt645.frame import Frame, encode_frame
from mingdu.wire.dlt645.profile import ProfileRecord, write_profile
from mingdu.wire.dlt645.replies import demands_payload, energies_payload, freeze_time_payload, read_reply

pytestmark = pytest.mark.database

DAY = date(2026, 12, 30)
LOCAL_MIDNIGHT = datetime(2026, 12, 30)  # noqa: DTZ001 - the meter's own clock
MIDNIGHT = datetime(2026, 12, 29, 16, tzinfo=UTC)
MONTH_BEGIN = datetime(2026, 11, 30, 16, tzinfo=UTC)
TARIFFS = {1: Register.SHARP, 2: Register.PEAK, 3: Register.FLAT, 4: Register.VALLEY}


class Inbox:
    """Puts answers into the inbox as the head end does."""

    def __init__(self, network: Any, at: datetime) -> None:
        self.at = at
        self.terminal = Terminal.objects.create(
            terminal_address="530126000001", profile="dtu-demo", unit_id=network.unit
        )
        self.addresses = [Meter.objects.get(pk=meter).meter_address for meter in network.meters]

    def answer(self, meter: int, data_id: int, payload: bytes) -> bytes:
        """Frames of one read, follow-ups behind the first part."""
        frames, more = [], True
        while more:
            frame = read_reply(self.addresses[meter], data_id, payload, len(frames))
            frames.append(encode_frame(frame))
            more = frame.has_more
        return b"".join(frames)

    def put(self, meter: int, raw: bytes, item: str = "", day: date | None = None) -> InboxFrame:
        """One answer; with an item it belongs to a poll."""
        poll = None
        if item:
            row = Meter.objects.get(meter_address=self.addresses[meter])
            poll = Poll.objects.create(
                meter=row, terminal=self.terminal, item=item, day=day, created_at=self.at, not_before=self.at,
                requested_by="system",
            ).pk  # fmt: skip
        return InboxFrame.objects.create(
            received_at=self.at, terminal=self.terminal, poll_id=poll, meter_address=self.addresses[meter],
            raw=raw,
        )  # fmt: skip


@pytest.fixture
def inbox(network: Any, now: datetime) -> Inbox:
    """An empty inbox of the three homes."""
    return Inbox(network, now)


def ingest(now: datetime) -> list[str]:
    """Take everything; returns the errors by frame."""
    ingest_inbox(at=now, most=1000)
    return list(InboxFrame.objects.order_by("id").values_list("error", flat=True))


def digits_at(network: Any, at: datetime, *registers: Register) -> list[list[int]]:
    found = queries.register_values(reading_connection(), np.array(network.points), registers, at)
    return [[int(each) for each in row] for row in found.digits]


def test_takes_a_daily_freeze_with_its_time(network: Any, inbox: Inbox, now: datetime) -> None:
    raw = inbox.answer(0, 0x05060006, freeze_time_payload(LOCAL_MIDNIGHT))
    raw += inbox.answer(0, 0x05060106, energies_payload([1_000, 0, 500, 300, 200]))
    inbox.put(0, raw, "daily_freeze", DAY)
    assert ingest(now) == [""]
    registers = (Register.TOTAL, Register.SHARP, Register.PEAK, Register.FLAT, Register.VALLEY)
    assert digits_at(network, MIDNIGHT, *registers)[0] == [1_000, 0, 500, 300, 200]
    assert InboxFrame.objects.get().ingested_at == now
    assert ingest_inbox(at=now, most=10) == 0


def test_takes_the_day_of_the_poll_when_the_time_is_not_read(
    network: Any, inbox: Inbox, now: datetime
) -> None:
    raw = inbox.answer(0, 0x05060106, energies_payload([1_000]))
    inbox.put(0, raw, "daily_freeze", DAY)
    assert ingest(now) == [""]
    assert digits_at(network, MIDNIGHT, Register.TOTAL)[0] == [1_000]


def test_takes_a_load_profile_of_several_frames(network: Any, inbox: Inbox, now: datetime) -> None:
    records = [ProfileRecord(LOCAL_MIDNIGHT + timedelta(minutes=15 * n), 1_000 + 3 * n) for n in range(97)]
    raw = inbox.answer(1, 0x06040001, write_profile(records))
    assert raw.count(b"\x68") > 10
    inbox.put(1, raw, "load_profile", DAY)
    assert ingest(now) == [""]
    block = queries.curves(reading_connection(), np.array(network.points), DAY, 1)
    assert block.values[1, 0].tolist() == [3] * 96
    assert block.version[:, 0].tolist() == [0, 1, 0]


def test_joins_parts_of_a_day_that_share_a_record(network: Any, inbox: Inbox, now: datetime) -> None:
    records = [ProfileRecord(LOCAL_MIDNIGHT + timedelta(minutes=15 * n), 7 * n) for n in range(97)]
    for part in (records[:50], records[49:]):
        inbox.put(0, inbox.answer(0, 0x06040001, write_profile(part)))
    assert ingest(now) == ["", ""]
    block = queries.curves(reading_connection(), np.array(network.points), DAY, 1)
    assert block.values[0, 0].tolist() == [7] * 96


def test_takes_settlements_reactive_registers_and_demand(network: Any, inbox: Inbox, now: datetime) -> None:
    inbox.put(0, inbox.answer(0, 0x0001FF01, energies_payload([900, 0, 400])), "settlement", DAY)
    inbox.put(1, inbox.answer(1, 0x0001FF02, energies_payload([800])))
    inbox.put(0, inbox.answer(0, 0x0003FF00, energies_payload([70], signed=True)))
    inbox.put(0, inbox.answer(0, 0x0004FF00, energies_payload([7], signed=True)))
    inbox.put(0, inbox.answer(0, 0x0101FF00, demands_payload([(7_600, LOCAL_MIDNIGHT)])))
    inbox.put(0, inbox.answer(0, 0x0002FF00, energies_payload([5, 3])))
    assert ingest(now) == [""] * 6
    assert digits_at(network, MONTH_BEGIN, Register.TOTAL, Register.PEAK) == [[900, 400], [800, 0], [0, 0]]
    of_now = (
        Register.REACTIVE_FORWARD, Register.REACTIVE_REVERSE, Register.DEMAND, Register.EXPORT_TOTAL
    )  # fmt: skip
    assert digits_at(network, now, *of_now)[0] == [70, 7, 7_600, 5]


def test_a_bad_frame_keeps_its_name_and_blocks_no_other(network: Any, inbox: Inbox, now: datetime) -> None:
    good = inbox.answer(0, 0x0001FF00, energies_payload([100]))
    wrong_sum = bytearray(good)
    wrong_sum[-2] ^= 0xFF
    not_bcd = encode_frame(
        Frame(inbox.addresses[1], 0x91, (0x0001FF00).to_bytes(4, "little") + b"\x1a\0\0\0" + b"\x50\0\0\0")
    )
    profile = inbox.answer(2, 0x06040001, write_profile([ProfileRecord(LOCAL_MIDNIGHT, 1)] * 20))
    first_part = profile[: profile.index(0x16, 200) + 1]
    tomorrow = datetime(2027, 1, 20)  # noqa: DTZ001
    frames = [
        bytes(wrong_sum), good[:-4], not_bcd, first_part, good,
        inbox.answer(0, 0x05060101, energies_payload([100])),
        inbox.answer(0, 0x05060001, freeze_time_payload(tomorrow))
        + inbox.answer(0, 0x05060101, energies_payload([100])),
        inbox.answer(2, 0x05060001, freeze_time_payload(LOCAL_MIDNIGHT - timedelta(days=3)))
        + inbox.answer(2, 0x05060101, energies_payload([100])),
    ]  # fmt: skip
    meters = [0, 0, 1, 2, 0, 0, 0, 2]
    for meter, raw in zip(meters, frames, strict=True):
        inbox.put(meter, raw)
    stranger = inbox.put(0, good)
    InboxFrame.objects.filter(pk=stranger.pk).update(meter_address="999999999999")
    errors = [error.partition(":")[0] for error in ingest(now)]
    assert errors == [
        "BadChecksum", "CutFrame", "NotBcd", "PartLost", "", "NoFreezeTime", "FutureReading", "NotInstalled",
        "UnknownMeter",
    ]  # fmt: skip
    assert digits_at(network, now, Register.TOTAL, Register.SHARP)[:2] == [[100, 0], [0, 50]]
    assert not InboxFrame.objects.filter(ingested_at__isnull=True).exists()


def test_several_workers_take_each_frame_once(network: Any, inbox: Inbox, now: datetime) -> None:
    for n in range(40):
        at = LOCAL_MIDNIGHT - timedelta(days=n)
        raw = inbox.answer(n % 2, 0x05060001, freeze_time_payload(at))
        inbox.put(n % 2, raw + inbox.answer(n % 2, 0x05060101, energies_payload([1_000 - n])))
    barrier, taken = threading.Barrier(4), []

    def work() -> None:
        from django.db import connection

        barrier.wait(30)
        while count := ingest_inbox(at=now, most=7):
            taken.append(count)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(taken) == 40
    row = reading_connection().execute("SELECT count(*) FROM metering_registerreading").fetchone()
    assert row == (40,)
    assert set(InboxFrame.objects.values_list("error", flat=True)) == {""}


def test_intervals_need_records_that_follow_each_other() -> None:
    def record(minutes: int, digits: int) -> RecordSaid:
        return RecordSaid(MIDNIGHT + timedelta(minutes=minutes), digits)

    records = [record(30, 7), record(0, 99_999_990), record(15, 5), record(60, 9), record(75, 4)]
    found = [(begin - MIDNIGHT, digits) for begin, digits in interval_digits(records, 8)]
    assert found == [(timedelta(0), 15), (timedelta(minutes=15), 2), (timedelta(minutes=60), -5)]


def test_what_is_no_register_is_read_and_left(network: Any, inbox: Inbox, now: datetime) -> None:
    status = encode_frame(read_reply(inbox.addresses[0], 0x04000503, b"\0\0"))
    said = read_answer(status, Asked(now, None, TARIFFS, zone()))
    assert (said.registers, said.records, said.bad, said.address) == ([], [], "", inbox.addresses[0])


def test_frames_and_files_meet_at_one_door(network: Any, inbox: Inbox, now: datetime) -> None:
    """What a file said and the socket says again is the same; what differs is a conflict."""
    accept_readings(network.batch(registers=network.registers([1_000, 2_000])), by=SYSTEM, at=now)
    for meter in (0, 1):
        inbox.put(meter, inbox.answer(meter, 0x05060106, energies_payload([1_000])), "daily_freeze", DAY)
    assert ingest(now) == ["", ""]
    assert digits_at(network, MIDNIGHT, Register.TOTAL)[:2] == [[1_000], [2_000]]
    (conflict,) = queries.conflicts_found(SYSTEM)
    assert (conflict.usage_point, conflict.kept_digits, conflict.offered_digits) == ("P1", 2_000, 1_000)
