"""Photos and papers that go with a case: stored at once, so that a form that comes back has them still."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core import signing
from django.core.files.uploadedfile import UploadedFile

from mingdu.base.attachments import MOST_BYTES, store_attachment
from mingdu.faces.customer.forms import MOST_PHOTOS, NAME_CHARACTERS
from mingdu.faces.identity import Asked, signed_in

KEPT = "kept"

# (file name, hash of the bytes)
Enclosed = tuple[str, str]


def kept_before(request: Asked) -> list[Enclosed]:
    """Return the files of an earlier try of this form; what we did not sign for him is left out."""
    salt = _salt(request)
    found = [_unsigned(text, salt) for text in request.POST.getlist(KEPT)[:MOST_PHOTOS]]
    return [each for each in found if each is not None]


def store(request: Asked, files: Iterable[UploadedFile[Any]]) -> list[Enclosed]:
    """
    Keep what was sent, in the order in which it came.

    raises  AttachmentTooLarge, UnknownMedia: of the first file that does not fit
    """
    by = signed_in(request)
    kept = []
    for file in files:
        # One byte more than allowed is enough to see that a file is too large.
        row = store_attachment(file.read(MOST_BYTES + 1), by=by, at=request.now)
        kept.append(((file.name or "")[-NAME_CHARACTERS:], row.sha256))
    return kept


def tokens(request: Asked, enclosed: Iterable[Enclosed]) -> list[tuple[str, str]]:
    """Return (file name, signed text) for the hidden fields that carry files to the next try."""
    salt = _salt(request)
    return [(name, signing.dumps([name, digest], salt=salt)) for name, digest in enclosed]


def _salt(request: Asked) -> str:
    return f"mingdu.faces.customer.enclosed:{signed_in(request).id}"


def _unsigned(text: str, salt: str) -> Enclosed | None:
    try:
        name, digest = signing.loads(text, salt=salt)
    except signing.BadSignature:
        return None
    return name, digest
