"""Attachments: photos and papers."""

from __future__ import annotations

from ninja import File, Router, Schema, Status
from ninja.files import UploadedFile

from mingdu.base.attachments import MOST_BYTES, store_attachment

from .door import Request

router = Router(tags=["attachments"])


class AttachmentAnswer(Schema):
    """A stored file, named by the hash of its bytes."""

    id: int
    sha256: str
    media_type: str
    size_bytes: int


@router.post("/attachments", response={201: AttachmentAnswer})
def attach(request: Request, file: File[UploadedFile]) -> Status[AttachmentAnswer]:
    """Keep a picture or PDF; the same bytes twice are one attachment."""
    # One byte more than allowed is enough to see that a file is too large.
    row = store_attachment(file.read(MOST_BYTES + 1), by=request.auth, at=request.now)
    answer = AttachmentAnswer(
        id=row.pk, sha256=row.sha256, media_type=row.media_type, size_bytes=row.size_bytes
    )
    return Status(201, answer)
