"""Books, reading cycles, re-reads, and the phone's sync door."""

from __future__ import annotations

from mingdu.rounds.stop_kinds import REREAD, ROUND_READING

from .books import register_books
from .cycles import PREPARE, READING_CYCLE, MonthAhead, UnknownBook, freeze_list, start_cycle
from .field_items import BadFieldValue, FieldItem, ItemResult, NothingRead
from .rereads import READ_OUTCOMES, RereadOrder, order_reread
from .sending import (
    ARRIVED,
    READ_STEP,
    MonthNotOver,
    NotBeingRead,
    UnknownCycle,
    end_step,
    refresh_round,
    send_round,
)
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
    "ARRIVED",
    "MOST_ITEMS",
    "PREPARE",
    "READING_CYCLE",
    "READ_OUTCOMES",
    "READ_STEP",
    "REREAD",
    "ROUND_READING",
    "BadFieldValue",
    "ClientIdTaken",
    "FieldItem",
    "ItemResult",
    "MonthAhead",
    "MonthNotOver",
    "NotAskedFor",
    "NotBeingRead",
    "NothingRead",
    "RereadOrder",
    "TooManyItems",
    "UnknownBook",
    "UnknownCycle",
    "UnknownPhoto",
    "UnknownRereadTask",
    "end_step",
    "freeze_list",
    "order_reread",
    "refresh_round",
    "register_books",
    "send_round",
    "start_cycle",
    "sync",
]
