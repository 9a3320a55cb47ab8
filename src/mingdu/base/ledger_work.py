"""What a subject's work sees of the run ledger's rows, so that no subject touches their models."""

from __future__ import annotations

from typing import Any, Protocol


class LedgerRun(Protocol):
    """What the work of a bucket reads of its run."""

    pk: int
    parameters: dict[str, Any]
    created_by: str


class LedgerBucket(Protocol):
    """What the work of a bucket reads of it."""

    bucket: int
