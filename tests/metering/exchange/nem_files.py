"""Small NEM12 and NEM13 files: P0's half hours of a market day, register reads of P1."""

from __future__ import annotations

from collections.abc import Sequence

HEAD = "100,NEM12,202612310900,SENDER,MINGDU\r\n"
END = "900\r\n"


def nem12(
    point: str = "P0",
    *,
    day: str = "20261229",
    values: Sequence[str] | None = None,
    quality: str = "A",
    suffix: str = "E1",
    unit: str = "KWH",
    events: str = "",
    minutes: int = 30,
) -> str:
    """One channel and day, 00:00 to 24:00 at +10:00; 0.125 kWh in each interval unless told."""
    shown = ",".join(values or ["0.125"] * (1440 // minutes))
    details = f"200,{point},{suffix},1,{suffix},N1,M1,{unit},{minutes},\r\n"
    return f"{details}300,{day},{shown},{quality},,,20261230010101,\r\n{events}"


def nem13(point: str, previous: str, current: str, *, register: str = "01") -> str:
    """A pair of reads of one register, at 00:00 of 29 and 30 December at +08:00."""
    read = "250,{},11,{},11,11,M1,E,{},20261229020000,A,,,{},20261230020000,A,,,{},KWH,,,\r\n"
    return read.format(point, register, previous, current, "20.5")
