"""Looking at points, readings, findings and the collection of readings."""

from __future__ import annotations

from mingdu.metering.store.buckets import BUCKET_POINTS

from .curves import CurveBlock, CurveDay, UnlikeDays, curve_of, curves
from .day_energies import DayEnergies, energies_of_days
from .export import export_lines
from .export_exchange import Export, export_exchange
from .findings import (
    OpenConflict,
    OpenFinding,
    closed_until,
    conflicts_found,
    findings_open,
    points_on_hold,
)
from .fingerprint import fingerprint_of_point, fingerprint_of_totals
from .network import CollectionOfDay, collection_of
from .points import (
    Installations,
    Installed,
    Points,
    bucket_of,
    codes_of_ids,
    ids_of_codes,
    installations,
    installations_between,
    point_buckets,
    points,
    usage_point_of,
)
from .registers import (
    RegisterValues,
    Segments,
    latest_freeze,
    register_segments,
    register_values,
    registers_as_known,
)
from .spans import SpanEnergy, energy_of_spans

__all__ = (
    "BUCKET_POINTS",
    "CollectionOfDay",
    "CurveBlock",
    "CurveDay",
    "DayEnergies",
    "Export",
    "Installations",
    "Installed",
    "OpenConflict",
    "OpenFinding",
    "Points",
    "RegisterValues",
    "Segments",
    "SpanEnergy",
    "UnlikeDays",
    "bucket_of",
    "closed_until",
    "codes_of_ids",
    "collection_of",
    "conflicts_found",
    "curve_of",
    "curves",
    "energies_of_days",
    "energy_of_spans",
    "export_exchange",
    "export_lines",
    "findings_open",
    "fingerprint_of_point",
    "fingerprint_of_totals",
    "ids_of_codes",
    "installations",
    "installations_between",
    "latest_freeze",
    "point_buckets",
    "points",
    "points_on_hold",
    "register_segments",
    "register_values",
    "registers_as_known",
    "usage_point_of",
)
