"""Books, re-reads, and the phone's sync door."""

from __future__ import annotations

from .books import register_books
from .field_items import BadFieldValue, FieldItem, ItemResult, NothingRead
from .rereads import READ_OUTCOMES, REREAD, RereadOrder, order_reread
from .sync import (
    MOST_ITEMS,
    ClientIdTaken,
    NotAskedFor,
    TooManyItems,
    UnknownPhoto,
    UnknownRereadTask,
    sync,
)

__all__ = [
    "MOST_ITEMS",
    "READ_OUTCOMES",
    "REREAD",
    "BadFieldValue",
    "ClientIdTaken",
    "FieldItem",
    "ItemResult",
    "NotAskedFor",
    "NothingRead",
    "RereadOrder",
    "TooManyItems",
    "UnknownPhoto",
    "UnknownRereadTask",
    "order_reread",
    "register_books",
    "sync",
]
