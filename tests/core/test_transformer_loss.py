"""Transformer and line loss: worked cases, a Decimal twin, spreading."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingdu.core.registers import Register
from mingdu.core.transformer_loss import Transformer, line_loss_kwh, spread_kwh, transformer_loss
from tables import worked_cases

CASES = worked_cases("transformer_loss")
NAMEPLATE = ("rated_kva", "p0_kw", "pk_kw", "i0_pct", "uk_pct", "k", "hours")


@pytest.mark.parametrize("case", CASES, ids=[case["source"] for case in CASES])
def test_computes_the_worked_loss(case: dict[str, str]) -> None:
    transformer = Transformer(**{name: Decimal(case[name]) for name in NAMEPLATE})
    reactive = int(case["reactive_kvarh"]) if case["reactive_kvarh"] else None
    loss = transformer_loss(transformer, int(case["energy_kwh"]), reactive)
    assert loss == (int(case["loss_kwh"]), int(case["loss_kvarh"]))


@given(
    energy=st.integers(0, 10**8),
    reactive=st.integers(0, 10**8),
    rated=st.decimals("30", "31500", places=1),
    p0=st.decimals("0", "40", places=3),
    uk=st.decimals("1", "15", places=2),
)
@settings(deadline=None)
def test_agrees_with_decimal(energy: int, reactive: int, rated: Decimal, p0: Decimal, uk: Decimal) -> None:
    transformer = Transformer(rated, p0, Decimal("10.3"), Decimal("1.1"), uk, Decimal("1.05"), Decimal(720))
    with localcontext() as context:
        context.prec = 60
        square = Decimal(energy) ** 2 + Decimal(reactive) ** 2
        active = p0 * 720 + Decimal("1.05") * Decimal("10.3") * square / (720 * rated**2)
        lost = Decimal("0.011") * rated * 720 + Decimal("1.05") * uk / 100 * square / (720 * rated)
        expected = tuple(int(value.quantize(Decimal(1), ROUND_HALF_UP)) for value in (active, lost))
    assert transformer_loss(transformer, energy, reactive) == expected


def test_takes_line_loss_half_up() -> None:
    assert [line_loss_kwh(Decimal("3"), energy) for energy in (150, 149, 0)] == [5, 4, 0]


@given(
    loss=st.integers(0, 10**6),
    energy=st.dictionaries(
        st.sampled_from([Register.PEAK, Register.FLAT, Register.VALLEY]), st.integers(0, 10**10), min_size=1
    ),
)
@settings(deadline=None)
def test_spreads_every_kwh(loss: int, energy: dict[Register, int]) -> None:
    shares = spread_kwh(loss, energy)
    assert sum(shares.values()) == loss
    assert min(shares.values()) >= 0


def test_spreads_by_energy_and_gives_the_rest_to_the_largest() -> None:
    energy = {Register.PEAK: 10, Register.FLAT: 20, Register.VALLEY: 0}
    assert spread_kwh(100, energy) == {Register.PEAK: 33, Register.FLAT: 67, Register.VALLEY: 0}
    assert spread_kwh(5, {Register.PEAK: 0, Register.FLAT: 0}) == {Register.PEAK: 5, Register.FLAT: 0}
