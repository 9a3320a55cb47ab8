"""Frames of the tables under tests/golden that several tests use."""

from __future__ import annotations

from tables import worked_cases

FRAMES = worked_cases("dlt645_frames")
FAULTS = worked_cases("dlt645_faults")


def raw_frame(frame_id: str) -> bytes:
    """Return the bytes of one row of either table."""
    return next(bytes.fromhex(row["hex"]) for row in (*FRAMES, *FAULTS) if row["id"] == frame_id)


A02 = raw_frame("A02")
BLOCK = raw_frame("A50")
RELAY_TRIP = raw_frame("A30")
