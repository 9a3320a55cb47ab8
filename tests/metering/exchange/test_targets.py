"""Which channel or register of ours a foreign one is, and which is none."""

from __future__ import annotations

import pytest

from mingdu.core.registers import Channel, Register
from mingdu.metering.exchange import ExchangeFormat
from mingdu.metering.imports.exchange.targets import Targets
from mingdu.metering.imports.parsed import UnknownChannel, UnknownUnit
from mingdu.wire.exchange.series import Channel as Foreign
from mingdu.wire.exchange.series import Kind, Shape

TABLE = Targets(ExchangeFormat.TABLE)


def foreign(
    kind: Kind = Kind.ACTIVE_IMPORT,
    unit: str = "Wh",
    shape: Shape = Shape.INTERVAL,
    *,
    register: str = "",
    phase: str = "",
    code: str = "",
) -> Foreign:
    return Foreign("P", "", kind, unit, shape, 15, code, register, phase)


@pytest.mark.parametrize(
    ("channel", "code"),
    [
        (foreign(), Channel.IMPORT), (foreign(Kind.ACTIVE_EXPORT), Channel.EXPORT),
        (foreign(Kind.REACTIVE_Q4, "varh"), Channel.REACTIVE_Q4),
        (foreign(Kind.VOLTAGE, "V", Shape.MOMENT, phase="B"), Channel.VOLTAGE_B),
        (foreign(shape=Shape.REGISTER, register="峰"), Register.PEAK),
        (foreign(Kind.ACTIVE_EXPORT, shape=Shape.REGISTER, register="5"), Register.EXPORT_DEEP),
        (foreign(Kind.REACTIVE_IMPORT, "varh", Shape.REGISTER), Register.REACTIVE_FORWARD),
        (foreign(Kind.DEMAND, "W", Shape.MOMENT), Register.DEMAND),
    ],
)  # fmt: skip
def test_finds_our_channel_or_register(channel: Foreign, code: int) -> None:
    target = TABLE.of(channel)
    assert target is not None and target.code == code
    assert target.is_register == isinstance(code, Register)
    assert not target.is_multiplied


@pytest.mark.parametrize(
    "channel",
    [
        foreign(Kind.ACTIVE_NET), foreign(Kind.APPARENT, "VAh"), foreign(Kind.OTHER, ""),
        foreign(Kind.VOLTAGE, "V", Shape.MOMENT), foreign(shape=Shape.MOMENT), foreign(shape=Shape.PERIOD),
        foreign(shape=Shape.REGISTER, register="midnight"), foreign(Kind.DEMAND, "W", register="2"),
    ],
)  # fmt: skip
def test_refuses_what_has_no_place_here(channel: Foreign) -> None:
    with pytest.raises(UnknownChannel):
        TABLE.of(channel)


def test_refuses_a_unit_that_does_not_fit() -> None:
    with pytest.raises(UnknownUnit):
        TABLE.of(foreign(Kind.POWER, "var", Shape.MOMENT))


def test_a_reading_type_says_by_its_commodity_where_it_was_measured() -> None:
    targets = Targets(ExchangeFormat.IEC61968)
    code = "0.0.2.4.1.{}.12.0.0.0.0.0.0.0.0.3.72.0"
    shown, behind = (targets.of(foreign(code=code.format(commodity))) for commodity in (1, 2))
    assert shown is not None and not shown.is_multiplied
    assert behind is not None and behind.is_multiplied
