"""A relay that plays the transparent terminal: dials in, registers, passes bytes to a meter's own server."""

from __future__ import annotations

import asyncio

from headend.stage import PROFILE
from mingdu.wire.dtu import write_registration


async def relay(head_end_port: int, meter_port: int, address: str) -> None:
    """Pass bytes both ways until either side closes."""
    from_head_end, to_head_end = await asyncio.open_connection("127.0.0.1", head_end_port)
    from_meter, to_meter = await asyncio.open_connection("127.0.0.1", meter_port)
    to_head_end.write(write_registration(address, PROFILE))
    await asyncio.gather(_pump(from_head_end, to_meter), _pump(from_meter, to_head_end))


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(4096):
        target.write(data)
        await target.drain()
    target.close()
