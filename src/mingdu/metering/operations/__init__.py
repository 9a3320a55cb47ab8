"""What is done with readings, points, meters, days and polls."""

from __future__ import annotations

from .accept import accept_readings, record_evidence
from .balance import balance_areas, balance_latest
from .close import DayNotOver, DaysOutOfOrder, close_days
from .exchange import Exchange, MeterInUse, NewMeter, meter_exchange
from .findings import AlreadyExplained, Explanation, UnknownFinding, explain_finding
from .import_file import Form, Kept, UnknownFormat, import_file
from .ingest import ingest_inbox, ingest_one
from .months import make_months
from .network import BadRegistry, InstallationsOverlap, Registered, register_network
from .polls import NoTerminal, UnknownPollItem, plan_polls, request_poll

__all__ = [
    "AlreadyExplained",
    "BadRegistry",
    "DayNotOver",
    "DaysOutOfOrder",
    "Exchange",
    "Explanation",
    "Form",
    "InstallationsOverlap",
    "Kept",
    "MeterInUse",
    "NewMeter",
    "NoTerminal",
    "Registered",
    "UnknownFinding",
    "UnknownFormat",
    "UnknownPollItem",
    "accept_readings",
    "balance_areas",
    "balance_latest",
    "close_days",
    "explain_finding",
    "import_file",
    "ingest_inbox",
    "ingest_one",
    "make_months",
    "meter_exchange",
    "plan_polls",
    "record_evidence",
    "register_network",
    "request_poll",
]
