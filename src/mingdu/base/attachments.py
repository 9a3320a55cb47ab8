"""Attachments: bytes in the data folder under their own hash, a row that says what they are."""

from __future__ import annotations

import hashlib
import os
import tempfile
from datetime import datetime
from pathlib import Path

from django.conf import settings

from mingdu.errors import TradeError

from .actors import Actor
from .models import Attachment
from .permissions import require

MOST_BYTES = 8_000_000
# What a file really is, by its first bytes; a name or header of the sender is not believed.
SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"%PDF-": "application/pdf",
}


class AttachmentTooLarge(TradeError):
    """The file is larger than an attachment may be."""

    next_step = "send a smaller picture; 2,000 pixels on the long side are enough"


class UnknownMedia(TradeError):
    """The bytes are no picture and no PDF."""

    next_step = "send a JPEG, PNG or PDF file"


class AttachmentDamaged(TradeError):
    """The stored bytes are gone, or no longer carry the hash under which they were stored."""

    next_step = "restore the attachments from the latest backup"


def store_attachment(content: bytes, *, by: Actor, at: datetime) -> Attachment:
    """
    Keep the bytes durably, then write their row; the same bytes twice are one attachment.

    Bytes that were damaged in the folder are whole again after they are stored once more.
    raises  AttachmentTooLarge, UnknownMedia, NotPermitted
    """
    require(by, "base.attach")
    if len(content) > MOST_BYTES:
        raise AttachmentTooLarge(f"{len(content)} bytes", bytes=len(content), most=MOST_BYTES)
    media_type = _media_type(content)
    digest = hashlib.sha256(content).hexdigest()
    _write_durably(path_of(digest), content)
    row, _ = Attachment.objects.get_or_create(
        sha256=digest,
        defaults={
            "media_type": media_type,
            "size_bytes": len(content),
            "created_by": by.id,
            "created_at": at,
        },
    )
    return row


def read_attachment(row: Attachment) -> bytes:
    """
    Return the bytes, proven by their hash; for subjects that have asked the door of what the file belongs to.

    raises  AttachmentDamaged
    """
    path = path_of(row.sha256)
    content = path.read_bytes() if path.exists() else b""
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise AttachmentDamaged(f"attachment {row.sha256[:12]} is damaged", sha256=row.sha256)
    return content


def stored_attachment(digest: str) -> Attachment | None:
    """Return the attachment whose bytes have this hash, for subjects that keep the hash; None without one."""
    return Attachment.objects.filter(sha256=digest).first()


def path_of(digest: str) -> Path:
    """Return where the bytes of this hash lie."""
    return Path(settings.ATTACHMENTS_FOLDER) / digest[:2] / digest


def _media_type(content: bytes) -> str:
    for start, media_type in SIGNATURES.items():
        if content.startswith(start):
            return media_type
    raise UnknownMedia("the bytes are neither JPEG, PNG nor PDF", start=content[:8].hex())


def _write_durably(path: Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # Each writer has a file of its own, so that two who store the same bytes do not write into one another.
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as partial:
        partial.write(content)
        partial.flush()
        os.fsync(partial.fileno())
    Path(partial.name).replace(path)
    for folder in (path.parent, path.parent.parent):
        _sync_folder(folder)


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
