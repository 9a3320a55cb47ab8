"""What is done with readings, points, meters, days and polls."""

from __future__ import annotations

from mingdu.metering.exchange import ExchangeFormat

from .accept import accept_readings, record_evidence
from .aliases import ALIAS_KINDS, AliasTaken, BadAlias, register_aliases, remove_alias
from .balance import balance_areas, balance_latest
from .close import DayNotOver, DaysOutOfOrder, close_days
from .exchange import Exchange, MeterInUse, NewMeter, meter_exchange
from .file_imports import NotChecked, Reading, check_file, hand_in_file, how_of, import_checked
from .findings import AlreadyExplained, Explanation, UnknownFinding, explain_finding
from .import_exchange import How, import_exchange, told_format
from .import_file import Form, Kept, UnknownFormat, import_file
from .ingest import ingest_inbox, ingest_one
from .mappings import (
    BadMappingName,
    UnknownMapping,
    rename_mapping,
    retire_mapping,
    save_mapping,
    use_mapping,
)
from .months import make_months
from .network import BadRegistry, InstallationsOverlap, Registered, register_network
from .polls import NoTerminal, UnknownPollItem, plan_polls, request_poll

__all__ = [
    "ALIAS_KINDS",
    "AliasTaken",
    "AlreadyExplained",
    "BadAlias",
    "BadMappingName",
    "BadRegistry",
    "DayNotOver",
    "DaysOutOfOrder",
    "Exchange",
    "ExchangeFormat",
    "Explanation",
    "Form",
    "How",
    "InstallationsOverlap",
    "Kept",
    "MeterInUse",
    "NewMeter",
    "NoTerminal",
    "NotChecked",
    "Reading",
    "Registered",
    "UnknownFinding",
    "UnknownFormat",
    "UnknownMapping",
    "UnknownPollItem",
    "accept_readings",
    "balance_areas",
    "balance_latest",
    "check_file",
    "close_days",
    "explain_finding",
    "hand_in_file",
    "how_of",
    "import_checked",
    "import_exchange",
    "import_file",
    "ingest_inbox",
    "ingest_one",
    "make_months",
    "meter_exchange",
    "plan_polls",
    "record_evidence",
    "register_aliases",
    "register_network",
    "remove_alias",
    "rename_mapping",
    "request_poll",
    "retire_mapping",
    "save_mapping",
    "told_format",
    "use_mapping",
]
