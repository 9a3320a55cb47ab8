"""
A second decoder, plain and slow, as judge: Decimal and loops, sharing no code with the product.

It knows only what a clerk would look up: where the bytes stand and how many decimals a register has.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass
class PlainFrame:
    address: str
    control: int
    data: list[int]


def plain_frame(raw: bytes) -> PlainFrame:
    """Decode a frame that is known to be right."""
    octets = list(raw)
    while octets[0] == 0xFE:
        octets.pop(0)
    assert octets[0] == 0x68
    assert octets[7] == 0x68
    assert octets[-1] == 0x16
    total = 0
    for octet in octets[:-2]:
        total = (total + octet) % 256
    assert total == octets[-2]
    address = ""
    for octet in octets[1:7]:
        address = f"{octet:02X}" + address
    data = [(octet - 0x33) % 256 for octet in octets[10:-2]]
    assert len(data) == octets[9]
    return PlainFrame(address, octets[8], data)


def plain_number(octets: list[int], decimals: int, signed: bool = False) -> Decimal | None:
    """Read one BCD number; None if it is none."""
    total = Decimal(0)
    negative = False
    for place, octet in enumerate(octets):
        high, low = octet // 16, octet % 16
        if signed and place == len(octets) - 1 and high > 7:
            negative = True
            high -= 8
        if high > 9 or low > 9:
            return None
        total += (10 * high + low) * Decimal(100) ** place
    value = total.scaleb(-decimals).quantize(Decimal(1).scaleb(-decimals))
    return -value if negative and value else value


def plain_numbers(octets: list[int], width: int, decimals: int, signed: bool = False) -> list[Decimal | None]:
    """Read numbers that stand one behind the other."""
    return [plain_number(octets[at : at + width], decimals, signed) for at in range(0, len(octets), width)]
