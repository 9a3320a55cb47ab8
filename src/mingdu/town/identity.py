"""Numbers of accounts, usage points, meters and terminals, all computed from a point's number."""

from __future__ import annotations

from mingdu.town.roster import AREAS, QUESTIONED

ACCOUNT_BASE = 530_100_000
POINTS_PER_TERMINAL = 50
# Home i = 42 hangs behind a 4G module of its own.
SILENT_TERMINAL = "530126900042"


def account_number(number: int) -> str:
    """Return the account number (户号) of a point, ten digits."""
    return f"{ACCOUNT_BASE + number:010d}"


def usage_point_code(number: int) -> str:
    """Return the code of a point's usage point."""
    return f"P{account_number(number)}"


def area_code(area: int) -> str:
    """Return the code of area 1, 2, 3."""
    return f"A{area}"


def area_usage_point(area: int) -> str:
    """Return the code of the usage point where the area's meter hangs."""
    return f"PA{area}"


def meter_address(number: int) -> str:
    """Return number and address of a point's first meter: its year and the point, twelve digits."""
    return f"{2019 + number % 6}{number:08d}"


def new_meter_address(number: int) -> str:
    """Return the address of the meter that an exchange put in."""
    return f"2026{number:08d}"


def area_meter_address(area: int) -> str:
    """Return the address of an area's meter."""
    return f"2024{99_000_000 + area}"


def terminal_address(number: int) -> str:
    """Return the address of the terminal through which a point is read, twelve digits."""
    return SILENT_TERMINAL if number == QUESTIONED else f"530126{(number - 1) // POINTS_PER_TERMINAL + 1:06d}"


def area_terminal_address(area: int, points: int) -> str:
    """Return the address of the terminal that reads an area's meter: that of the area's first point."""
    first = min(points, -(-(area - 1) * points // AREAS) + 1)
    return f"530126{(first - 1) // POINTS_PER_TERMINAL + 1:06d}"


def book_code(area: int) -> str:
    """Return the book of an area's points; the factory (area 0) has its own."""
    return f"B{area}"
