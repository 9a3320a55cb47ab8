"""Exact money (金额): whole fen out of whole energy and whole nano-yuan, rounded once."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from mingdu.core.types import Ints
from mingdu.errors import TradeError

# Wh × nyuan/kWh that make one fen: a fen is 10⁷ nyuan, a kWh is 10³ Wh.
PRODUCT_PER_FEN = 10**10
# The quantity is cut here, so that neither half times the price leaves int64.
LIMB = 10**5
LARGEST_INT64 = 2**63 - 1
# Below this the low half times the price, with the carry of the high half, fits int64.
LARGEST_PRICE = 9 * 10**13
BASIS_POINTS = 10_000


class AmountOutOfRange(TradeError):
    """The product of quantity and price does not fit the whole numbers that money is kept in."""

    next_step = "check the multiplier, the readings and the unit of the price"


@dataclass(frozen=True)
class UnitPrice:
    """
    One price a unit, exact: `amount / parts_per_nyuan` nano-yuan.

    Published prices have at most 9 decimals, so `parts_per_nyuan` is 1; a price times a ratio can have more.
    """

    amount: int
    parts_per_nyuan: int = 1

    @property
    def yuan(self) -> Decimal:
        """The same price in yuan."""
        return Decimal(self.amount) / (10**9 * self.parts_per_nyuan)


def charge_fen(quantity: Ints, price: Ints | int, parts_per_nyuan: int = 1) -> Ints:
    """
    Charge each quantity at its price, rounded once, half away from zero, the same for both signs.

    quantity         int64 (account,)        energy, demand or capacity [Wh, W, VA]
    price            int64 (account,) or one [nyuan/parts_per_nyuan for a kWh, kW, kVA]
    parts_per_nyuan  1, 10, … 10,000         how fine the price is
    returns          int64 (account,)        charge [fen]
    raises           AmountOutOfRange: a product in the column could pass int64 (92 TWh at 10 yuan/kWh)
    source           worked cases in tests/golden/money.csv
    """
    prices = np.asarray(price, dtype=np.int64)
    _refuse_out_of_range(_largest(quantity), _largest(prices))
    magnitude, price_magnitude = np.abs(quantity), np.abs(prices)
    divisor = PRODUCT_PER_FEN * parts_per_nyuan
    high = magnitude // LIMB
    low = magnitude - high * LIMB
    product = high * price_magnitude
    whole = product // (divisor // LIMB)
    rest = (product - whole * (divisor // LIMB)) * LIMB + low * price_magnitude
    fen = whole + divide_half_up(rest, divisor)
    negative = (quantity < 0) ^ (prices < 0)
    return np.where(negative, -fen, fen)


def share_fen(base_fen: Ints, rate_basis_points: Ints) -> Ints:
    """
    Take a signed rate of an amount, rounded half away from zero.

    base_fen           int64 (account,)  [fen]
    rate_basis_points  int64 (account,)  [1/10,000], up to ± 50,000
    returns            int64 (account,)  [fen]
    raises             AmountOutOfRange: base times rate could pass int64
    """
    largest = _largest(base_fen) * _largest(rate_basis_points)
    if largest > LARGEST_INT64:
        raise AmountOutOfRange("the base times the rate does not fit int64", largest_product=largest)
    product = base_fen * rate_basis_points
    share = divide_half_up(np.abs(product), BASIS_POINTS)
    return np.where(product < 0, -share, share)


def divide_half_up(numerator: Ints, divisor: int) -> Ints:
    """
    Divide whole numbers of zero or more, rounding half up.

    numerator  int64 (…)  zero or more
    divisor    even, more than zero
    returns    int64 (…)
    """
    whole = numerator // divisor
    rest = numerator - whole * divisor
    return whole + (rest >= divisor // 2)


def yuan_text(fen: int) -> str:
    """Write an amount of fen as yuan with two decimals: -14258 → "-142.58"."""
    sign = "-" if fen < 0 else ""
    yuan, rest = divmod(abs(fen), 100)
    return f"{sign}{yuan}.{rest:02d}"


def money_text(fen: int) -> str:
    """Write an amount of fen with the currency's sign: -14258 → "-¥142.58"."""
    return f"{'-' if fen < 0 else ''}¥{yuan_text(abs(fen))}"


def plain_text(value: Decimal) -> str:
    """Write a decimal without exponent and without zeros at its end: 0.3750 → "0.375"."""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def _largest(column: Ints) -> int:
    """The greatest magnitude of a column as a Python integer, which cannot wrap."""
    if column.size == 0:
        return 0
    return max(abs(int(column.min())), abs(int(column.max())))


def _refuse_out_of_range(largest_quantity: int, largest_price: int) -> None:
    product = (largest_quantity // LIMB) * largest_price
    if product > LARGEST_INT64 or largest_price > LARGEST_PRICE or largest_quantity > LARGEST_INT64:
        raise AmountOutOfRange(
            f"quantity {largest_quantity} at price {largest_price} does not fit the whole numbers of money",
            largest_quantity=largest_quantity,
            largest_price=largest_price,
        )
