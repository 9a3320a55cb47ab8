"""Books, reading cycles, re-reads, and the phone's sync door."""

from __future__ import annotations

from .books import register_books
from .cycles import PREPARE, READING_CYCLE, MonthAhead, UnknownBook, freeze_list, start_cycle
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
    "PREPARE",
    "READING_CYCLE",
    "READ_OUTCOMES",
    "REREAD",
    "BadFieldValue",
    "ClientIdTaken",
    "FieldItem",
    "ItemResult",
    "MonthAhead",
    "NotAskedFor",
    "NothingRead",
    "RereadOrder",
    "TooManyItems",
    "UnknownBook",
    "UnknownPhoto",
    "UnknownRereadTask",
    "freeze_list",
    "order_reread",
    "register_books",
    "start_cycle",
    "sync",
]
