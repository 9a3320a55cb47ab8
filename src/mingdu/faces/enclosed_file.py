"""A photo or paper of a case, shown as it came, to customers and colleagues alike."""

from __future__ import annotations

from django.http import HttpResponse

from mingdu.base.attachments import read_attachment, stored_attachment
from mingdu.faces.problems import UnknownAddress

# A browser shows a bare picture on a page of its own that it styles inline; nothing of ours stands there.
BARE_FILE_POLICY = "default-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def enclosed_file(files: list[tuple[str, str]], place: int) -> HttpResponse:
    """
    Answer with the file at a place of (file name, hash of the bytes).

    raises  UnknownAddress: there is none
    """
    row = stored_attachment(files[place][1]) if place < len(files) else None
    if row is None:
        raise UnknownAddress(f"no file {place}")
    headers = {
        "Content-Disposition": "inline",
        "Content-Security-Policy": BARE_FILE_POLICY,
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(read_attachment(row), content_type=row.media_type, headers=headers)
