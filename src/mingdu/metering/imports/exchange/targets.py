"""Which of our channels or registers a channel of a foreign file is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from mingdu.core.registers import CHANNEL_SCALE, REGISTER_SCALE
from mingdu.metering.exchange import AT_THE_POINT, BASES, CURVES, REGISTERS, TARIFFS, ExchangeFormat
from mingdu.metering.imports.parsed import UnknownChannel, UnknownUnit
from mingdu.wire.exchange import series
from mingdu.wire.exchange.series import Kind, Shape

_MULTIPLIED: Final = frozenset({"kWh", "kvarh", "kW"})
# Position of the commodity in a reading type, and its number for values behind the multiplier.
_COMMODITY, _PRIMARY = 5, "2"


@dataclass(frozen=True, slots=True)
class Target:
    """
    Where the values of a foreign channel go.

    code           number of the Channel or, where `is_register`, of the Register
    power          power of ten of our unit against the base unit: 3 for kWh
    decimals       digits behind the point of a stored value; the day's own for energies
    minutes        length of an interval; 0 for registers and for what is measured at a moment
    is_multiplied  the file holds the value at the point, behind the multiplier
    """

    is_register: bool
    code: int
    power: int
    decimals: int
    minutes: int
    is_multiplied: bool


@dataclass
class Targets:
    """Finds targets and remembers them; NEM13 names registers by numbers of its own, of which one is ours."""

    format: ExchangeFormat
    known: dict[series.Channel, Target | None] = field(default_factory=dict)
    registers: dict[tuple[str, Kind], str] = field(default_factory=dict)

    def of(self, channel: series.Channel) -> Target | None:
        """
        Return where a channel goes; None for an amount between two reads that come themselves.

        raises   UnknownChannel, UnknownUnit
        """
        if channel not in self.known:
            self.known[channel] = self._find(channel)
        return self.known[channel]

    def _find(self, channel: series.Channel) -> Target | None:
        if channel.shape is Shape.PERIOD and self.format is ExchangeFormat.NEM13:
            return None
        if channel.shape is Shape.PERIOD:
            raise _unknown(channel, "an amount of a period: intervals and registers are kept")
        if channel.shape is Shape.REGISTER or channel.kind is Kind.DEMAND:
            return self._register(channel)
        is_energy = channel.unit in ("Wh", "varh", "VAh")
        code = CURVES.get((channel.kind, channel.phase))
        if code is None or (is_energy and channel.shape is Shape.MOMENT):
            raise _unknown(channel, "no channel of ours")
        unit, decimals = CHANNEL_SCALE[code]
        power = _power(channel, unit)
        is_multiplied = unit in _MULTIPLIED and self._is_at_the_point(channel)
        return Target(False, int(code), power, decimals, channel.interval_minutes or 0, is_multiplied)

    def _register(self, channel: series.Channel) -> Target:
        name = TARIFFS.get(channel.register.upper())
        if self.format is ExchangeFormat.NEM13:
            own = self.registers.setdefault((channel.point, channel.kind), channel.register)
            name = "TOTAL" if own == channel.register else None
        code = REGISTERS.get((channel.kind, name or ""))
        if code is None:
            raise _unknown(channel, "no register of ours")
        unit, decimals = REGISTER_SCALE[code]
        return Target(True, int(code), _power(channel, unit), decimals, 0, False)

    def _is_at_the_point(self, channel: series.Channel) -> bool:
        if self.format is ExchangeFormat.IEC61968:
            return channel.code.split(".")[_COMMODITY] == _PRIMARY
        return self.format in AT_THE_POINT


def _power(channel: series.Channel, unit: str) -> int:
    base, power = BASES[unit]
    if channel.unit != base:
        raise UnknownUnit(f"{channel.code or channel.kind.value} in {channel.unit!r}", unit=channel.unit)
    return power


def _unknown(channel: series.Channel, why: str) -> UnknownChannel:
    values = {"kind": channel.kind.value, "code": channel.code}
    if channel.phase:
        values["phase"] = channel.phase
    if channel.register:
        values["register"] = channel.register
    return UnknownChannel(f"{channel.code or channel.kind.value}: {why}", **values)
