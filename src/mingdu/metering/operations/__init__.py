"""What is done with readings, points, meters, days and polls."""

from __future__ import annotations

from .accept import accept_readings, record_evidence
from .exchange import Exchange, MeterInUse, NewMeter, meter_exchange
from .findings import AlreadyExplained, Explanation, UnknownFinding, explain_finding
from .import_file import Form, UnknownFormat, import_file
from .network import BadRegistry, InstallationsOverlap, Registered, register_network

__all__ = [
    "AlreadyExplained",
    "BadRegistry",
    "Exchange",
    "Explanation",
    "Form",
    "InstallationsOverlap",
    "MeterInUse",
    "NewMeter",
    "Registered",
    "UnknownFinding",
    "UnknownFormat",
    "accept_readings",
    "explain_finding",
    "import_file",
    "meter_exchange",
    "record_evidence",
    "register_network",
]
