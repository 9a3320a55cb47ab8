"""Binary coded decimal (BCD 码), low byte first, as DL/T 645 writes every number."""

from __future__ import annotations

from typing import Final

from mingdu.errors import TradeError

SIGN_BIT: Final = 0x80


class NotBcd(TradeError):
    """A place that must hold decimal digits holds something else."""

    next_step = "keep the raw frame and read the meter again; if it stays, check the meter"


class TooLong(TradeError):
    """A number or a field does not fit the bytes that the standard gives it."""

    next_step = "send less at once, or check the value"


def read_bcd(raw: bytes, *, signed: bool = False) -> int:
    """
    Return the whole digits of `raw`, low byte first.

    signed   the top bit of the highest byte is the sign (1 = negative)
    raises   NotBcd: a nibble above 9, or no byte at all
    """
    negative = False
    if signed and raw and raw[-1] & SIGN_BIT:
        negative = True
        raw = raw[:-1] + bytes((raw[-1] ^ SIGN_BIT,))
    try:
        digits = int(raw[::-1].hex())
    except ValueError as cause:
        raise NotBcd(f"{raw.hex()} is not a decimal number", raw=raw.hex()) from cause
    return -digits if negative else digits


def write_bcd(digits: int, width: int, *, signed: bool = False) -> bytes:
    """
    Return `digits` in `width` bytes, low byte first.

    raises   TooLong: more digits than fit, or a negative number where no sign is kept
    """
    limit = (8 if signed else 10) * 10 ** (2 * width - 1)
    if abs(digits) >= limit or (digits < 0 and not signed):
        raise TooLong(f"{digits} does not fit {width} bytes", digits=digits, width=width)
    raw = bytearray.fromhex(f"{abs(digits):0{2 * width}d}")
    raw.reverse()
    if digits < 0:
        raw[-1] |= SIGN_BIT
    return bytes(raw)


def decimal_text(digits: int, decimals: int) -> str:
    """Print whole digits with their decimals: 1234567 with 2 is "12345.67"."""
    sign = "-" if digits < 0 else ""
    if not decimals:
        return f"{sign}{abs(digits)}"
    text = f"{abs(digits):0{decimals + 1}d}"
    return f"{sign}{text[:-decimals]}.{text[-decimals:]}"
