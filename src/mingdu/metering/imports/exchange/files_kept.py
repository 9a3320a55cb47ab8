"""Files handed in at a desk: kept under their hash beside the attachments, never larger than allowed."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Final

from django.conf import settings

from mingdu.errors import TradeError

MOST_BYTES: Final = 64_000_000


class UploadTooLarge(TradeError):
    """The file is larger than the page takes."""

    next_step = "hand it in in parts, or import it on the server: mingdu import FILE"


class EmptyUpload(TradeError):
    """The file has no byte."""

    next_step = "choose the file again; perhaps it was still being written"


def keep_file(pieces: Iterable[bytes]) -> tuple[str, int]:
    """
    Keep a file durably; the same bytes twice are one file.

    returns  SHA-256 and size
    raises   UploadTooLarge, EmptyUpload; then nothing is kept
    """
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as partial:
        try:
            digest, size = _write(pieces, partial)
        except TradeError:
            Path(partial.name).unlink()
            raise
    path = kept_path(digest)
    path.parent.mkdir(exist_ok=True)
    Path(partial.name).replace(path)
    return digest, size


def kept_path(sha256: str) -> Path:
    """Return where the bytes of this hash lie."""
    return _folder() / sha256[:2] / sha256


def tell_progress(number: int, values: int) -> None:
    """Say how many values of an import have come to the door, for whoever looks at its page."""
    path = _progress_path(number)
    path.parent.mkdir(exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(values), "utf-8")
    part.replace(path)


def told_progress(number: int) -> int:
    """Return what was told last; 0 if nothing was, or on another machine."""
    path = _progress_path(number)
    return int(json.loads(path.read_text("utf-8"))) if path.exists() else 0


def forget_progress(number: int) -> None:
    """Take the note away once the import has its report."""
    _progress_path(number).unlink(missing_ok=True)


def _write(pieces: Iterable[bytes], file: IO[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        size += len(piece)
        if size > MOST_BYTES:
            raise UploadTooLarge(f"more than {MOST_BYTES} bytes", most=MOST_BYTES)
        digest.update(piece)
        file.write(piece)
    if not size:
        raise EmptyUpload("the file is empty")
    file.flush()
    os.fsync(file.fileno())
    return digest.hexdigest(), size


def _folder() -> Path:
    return Path(settings.ATTACHMENTS_FOLDER) / "imports"


def _progress_path(number: int) -> Path:
    # Not among the attachments: what comes and goes there would trouble a backup.
    return Path(settings.ENVIRONMENT.data_folder) / "imports" / f"{number}.progress"
