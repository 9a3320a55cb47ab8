"""Asyncio shell that terminals dial into; knows SQL, knows no Django."""

from .counters import Counters
from .head_end import HeadEnd, NotFlushed, serve_until_signal
from .settings import BadSettings, Settings
from .store import Store, StoreLost

__all__ = [
    "BadSettings",
    "Counters",
    "HeadEnd",
    "NotFlushed",
    "Settings",
    "Store",
    "StoreLost",
    "serve_until_signal",
]
