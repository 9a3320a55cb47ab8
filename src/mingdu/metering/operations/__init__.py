"""What is done with readings, points, meters, days and polls."""

from __future__ import annotations

from .accept import accept_readings, record_evidence

__all__ = ["accept_readings", "record_evidence"]
