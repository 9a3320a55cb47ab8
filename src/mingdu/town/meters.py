"""The meters of the town on the wire: they answer DL/T 645-2007 from their memory, or stay silent."""

from __future__ import annotations

from datetime import datetime, timedelta

from mingdu.core.registers import Register
from mingdu.errors import TradeError
from mingdu.town.memory import MeterMemory
from mingdu.town.span import INTERVALS, ZONE
from mingdu.wire.dlt645 import functions
from mingdu.wire.dlt645.bcd import NotBcd, read_bcd
from mingdu.wire.dlt645.frame import Frame, address_bytes
from mingdu.wire.dlt645.identifiers import BLOCK, MAX_DAILY_FREEZE, MAX_SETTLEMENT
from mingdu.wire.dlt645.profile import (
    PROFILE_FROM_TIME,
    PROFILE_NEWEST,
    PROFILE_OLDEST,
    ProfileRecord,
    write_profile,
)
from mingdu.wire.dlt645.replies import (
    NO_SUCH_DATA,
    NOT_AUTHORISED,
    date_payload,
    demands_payload,
    energies_payload,
    error_reply,
    freeze_time_payload,
    is_for,
    read_address_reply,
    read_reply,
    requested_sequence,
    status_word_payload,
    time_payload,
    wants_reply,
)
from mingdu.wire.dlt645.requests import OutOfRange

# The tariff numbers of the model `demo-meter-645`; nothing is ever counted as SHARP.
BLOCK_ORDER = (Register.TOTAL, Register.SHARP, Register.PEAK, Register.FLAT, Register.VALLEY)
PROFILE_DEPTH = MAX_DAILY_FREEZE * INTERVALS
STATUS_WORDS = 7


class NoSuchData(TradeError):
    """The meter does not hold what was asked for; on the wire it is an error reply."""


class SimulatedMeter:
    """
    One meter of the town behind its terminal.

    It answers reads (11, 12), and 13 for its address; it refuses every command, since nobody may change the
    town. `now` decides what exists: no register, freeze or record is newer. A long answer is remembered for
    its follow-ups.
    """

    def __init__(self, memory: MeterMemory) -> None:
        self.memory = memory
        self._long_answers: dict[int, bytes] = {}

    @property
    def address(self) -> str:
        """Its address, twelve digits."""
        return self.memory.address

    def answer(self, request: Frame, now: datetime) -> tuple[Frame, ...]:
        """
        Answer one request at an aware time: one frame, or none.

        Silence: for another address, to a broadcast, before the meter came and after it was taken away.
        """
        if not (
            is_for(request, self.address) and wants_reply(request) and self.memory.hangs(self._interval(now))
        ):
            return ()
        if request.function == functions.READ_ADDRESS:
            return (read_address_reply(self.address),)
        if request.function not in (functions.READ, functions.READ_FOLLOW_UP):
            return (error_reply(request, self.address, NOT_AUTHORISED),)
        try:
            return (self._read(request, now.astimezone(ZONE)),)
        except (NoSuchData, NotBcd, OutOfRange):
            # Whatever is asked that does not exist or makes no sense, the standard has one word for it.
            return (error_reply(request, self.address, NO_SUCH_DATA),)

    def _read(self, request: Frame, now: datetime) -> Frame:
        data_id = request.data_id
        if data_id is None:
            raise NoSuchData("the request names no identifier")
        sequence = requested_sequence(request)
        if request.function == functions.READ_FOLLOW_UP and not sequence:
            raise NoSuchData("a follow-up names the part it wants")
        if request.function == functions.READ:
            self._long_answers = {data_id: self._payload(data_id, request.data[4:], now)}
        return read_reply(self.address, data_id, self._long_answers.get(data_id, b""), sequence)

    def _payload(self, data_id: int, arguments: bytes, now: datetime) -> bytes:
        if data_id in (PROFILE_OLDEST, PROFILE_FROM_TIME, PROFILE_NEWEST):
            return self._profile(data_id, arguments, now)
        family, subject, tariff, nth = data_id.to_bytes(4, "big")
        if family == 0x00:
            return self._energy(subject, tariff, self._settlement(nth, now)[1])
        if (family, subject) == (0x01, 0x01) and tariff in (0, BLOCK):
            return self._demand(*self._settlement(nth, now))
        if (family, subject) == (0x05, 0x06):
            return self._daily_freeze(tariff, self._midnight(nth, now))
        return self._parameter(data_id, now)

    def _energy(self, kind: int, tariff: int, interval: int) -> bytes:
        """Return active energy (01) by tariff, or the total of a reactive register (03, 04)."""
        if kind in (0x03, 0x04) and tariff in (0, BLOCK):
            reactive = self.memory.reactive(interval)
            if reactive is None:
                raise NoSuchData("this meter has no reactive registers")
            return energies_payload([reactive[kind - 3]], signed=True)
        if kind != 0x01:
            raise NoSuchData(f"no energy of kind {kind:02X}")
        shown = self.memory.energies(interval)
        block = [shown.get(register, 0) for register in BLOCK_ORDER]
        if tariff != BLOCK and tariff >= len(block):
            raise NoSuchData(f"no tariff {tariff}")
        return energies_payload(block if tariff == BLOCK else [block[tariff]])

    def _demand(self, first: int, end: int) -> bytes:
        digits, at = self.memory.demand(first, end)
        return demands_payload([(digits, None if at is None else self.memory.town.span.time(at))])

    def _daily_freeze(self, content: int, midnight: int) -> bytes:
        if content == 0x00:
            return freeze_time_payload(self.memory.town.span.time(midnight))
        if content == 0x09:
            return self._demand(self._month_of(midnight - 1), midnight)
        return self._energy(content, BLOCK, midnight)

    def _profile(self, data_id: int, arguments: bytes, now: datetime) -> bytes:
        present = self._interval(now)
        latest = min(present, self.memory.recorded_until)
        oldest = max(self.memory.begins, present - PROFILE_DEPTH)
        if len(arguments) != (6 if data_id == PROFILE_FROM_TIME else 1):
            raise NoSuchData("say how many records, and from when only where the identifier asks for it")
        blocks = read_bcd(arguments[:1])
        first = {PROFILE_OLDEST: oldest, PROFILE_NEWEST: latest - blocks + 1}.get(data_id)
        first = self._interval_asked(arguments[1:]) if first is None else first
        moments = range(max(first, oldest), min(first + blocks, latest + 1))
        records = [self._record(moment) for moment in moments if self.memory.has_record(moment)]
        if not records:
            raise NoSuchData("no record in this time")
        return write_profile(records)

    def _record(self, moment: int) -> ProfileRecord:
        return ProfileRecord(self.memory.town.span.time(moment), self.memory.energies(moment)[Register.TOTAL])

    def _parameter(self, data_id: int, now: datetime) -> bytes:
        if data_id == 0x04000101:
            return date_payload(now.date())
        if data_id == 0x04000102:
            return time_payload(now.time())
        if data_id in (0x04000401, 0x04000402):
            return address_bytes(self.address)
        if data_id == 0x040005FF:
            return status_word_payload(0) * STATUS_WORDS
        if 0x04000501 <= data_id <= 0x04000500 + STATUS_WORDS:
            return status_word_payload(0)
        raise NoSuchData(f"no identifier {data_id:08X}")

    def _settlement(self, nth: int, now: datetime) -> tuple[int, int]:
        """Return begin and end of the month that the nth last settlement closed; 0 is the present one."""
        latest = self._interval(now)
        if nth == 0:
            return self._month_of(latest), latest
        if nth > MAX_SETTLEMENT:
            raise NoSuchData(f"{MAX_SETTLEMENT} settlements are kept")
        end = self._month_of(latest)
        for _ in range(nth - 1):
            end = self._month_of(end - 1)
        self._must_hang(end)
        return self._month_of(end - 1), end

    def _midnight(self, nth: int, now: datetime) -> int:
        """Return the quarter hour of the nth last daily freeze."""
        if not 1 <= nth <= MAX_DAILY_FREEZE:
            raise NoSuchData(f"{MAX_DAILY_FREEZE} daily freezes are kept")
        midnight = (self._interval(now) // INTERVALS - (nth - 1)) * INTERVALS
        self._must_hang(midnight)
        if midnight > self.memory.recorded_until:
            raise NoSuchData("the town's world ends before that midnight")
        return midnight

    def _must_hang(self, interval: int) -> None:
        if not self.memory.hangs(interval):
            raise NoSuchData("the meter did not hang here then")

    def _month_of(self, interval: int) -> int:
        """Return the quarter hour in which the month of a moment began."""
        span = self.memory.town.span
        return span.interval(span.time(interval).replace(day=1, hour=0, minute=0))

    def _interval(self, now: datetime) -> int:
        return self.memory.town.span.interval(now)

    def _interval_asked(self, raw: bytes) -> int:
        """Read mm hh DD MM YY as the first quarter hour that is not earlier."""
        minute, hour, day, month, year = (read_bcd(raw[n : n + 1]) for n in range(5))
        try:
            asked = datetime(2000 + year, month, day, hour, minute, tzinfo=ZONE)
        except ValueError as cause:
            raise NoSuchData(f"no such time: {raw.hex()}") from cause
        return self._interval(asked + timedelta(minutes=14))
