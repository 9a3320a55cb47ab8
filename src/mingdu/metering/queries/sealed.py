"""Looking at what is sealed (封存清单)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from mingdu.base.actors import Actor
from mingdu.base.permissions import require
from mingdu.metering.models import SealedPart as ManifestRow
from mingdu.metering.store.sealed_parts import Part, SealedPart

VERB = "metering.read_network"


@dataclass(frozen=True)
class SealedFile:
    """
    A sealed file that counts.

    part        "curves" or "registers"
    readings    values in its rows
    checked_at  when it was last compared with its hash; None: not yet
    damage      what was wrong with it then; empty: nothing
    """

    path: Path
    part: str
    month: date
    bucket: int
    seal_number: int
    rows: int
    readings: int
    size_bytes: int
    sha256: str
    content_sha256: str
    program: str
    sealed_at: datetime
    sealed_by: str
    checked_at: datetime | None
    damage: str

    def as_json(self) -> dict[str, Any]:
        """Return the file as plain values."""
        told = {**vars(self), "path": str(self.path), "month": f"{self.month:%Y-%m}"}
        instants = {name: getattr(self, name) for name in ("sealed_at", "checked_at")}
        return told | {name: at.isoformat() if at else None for name, at in instants.items()}


def sealed_files(by: Actor) -> list[SealedFile]:
    """Return the files that count, by month, bucket and part; a file holds points of all units."""
    require(by, VERB)
    rows = ManifestRow.objects.filter(ended_at__isnull=True).order_by("month", "bucket", "part")
    return [_file(row) for row in rows]


def damaged_files() -> list[str]:
    """Name the files that were found missing or damaged when they were last checked; for health."""
    rows = ManifestRow.objects.filter(ended_at__isnull=True).exclude(damage="")
    return [f"{_file(row).path.name}: {row.damage}" for row in rows.order_by("month", "bucket", "part")]


def is_anything_sealed() -> bool:
    """Tell whether any month is sealed; for health."""
    return ManifestRow.objects.filter(ended_at__isnull=True).exists()


def _file(row: ManifestRow) -> SealedFile:
    part = SealedPart(Part(row.part), row.month, row.bucket, row.seal_number, row.sha256, row.size_bytes)
    return SealedFile(
        part.path, row.part, row.month, row.bucket, row.seal_number, row.rows, row.readings, row.size_bytes,
        row.sha256, row.content_sha256, row.program, row.sealed_at, row.sealed_by, row.checked_at, row.damage,
    )  # fmt: skip
