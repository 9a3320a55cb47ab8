"""Attachments are kept durably under their hash, once, and proven when read."""

from __future__ import annotations

import hashlib
from datetime import datetime

import pytest

from acting import NOBODY, customer
from mingdu.base.actors import SYSTEM
from mingdu.base.attachments import (
    MOST_BYTES,
    AttachmentDamaged,
    AttachmentTooLarge,
    UnknownMedia,
    path_of,
    read_attachment,
    store_attachment,
)
from mingdu.base.models import Attachment
from mingdu.base.permissions import NotPermitted
from threads import at_once

pytestmark = pytest.mark.database

JPEG, PNG, PDF = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"%PDF-"


@pytest.mark.parametrize(
    ("start", "media_type"), [(JPEG, "image/jpeg"), (PNG, "image/png"), (PDF, "application/pdf")]
)
def test_keeps_pictures_and_documents(
    start: bytes, media_type: str, module_database: str, now: datetime
) -> None:
    content = start + b"a meter's register"
    row = store_attachment(content, by=customer(42), at=now)
    assert (row.media_type, row.size_bytes, row.created_by) == (media_type, len(content), "customer:42")
    assert row.sha256 == hashlib.sha256(content).hexdigest()
    assert read_attachment(row) == content


def test_leaves_nothing_but_the_whole_file(module_database: str, now: datetime) -> None:
    row = store_attachment(JPEG + b"alone in its folder", by=SYSTEM, at=now)
    path = path_of(row.sha256)
    assert [entry for entry in path.parent.iterdir() if entry.name.startswith(row.sha256)] == [path]
    assert not list(path.parent.glob("tmp*"))


def test_the_same_bytes_are_one_attachment_also_when_sent_at_once(
    module_database: str, now: datetime
) -> None:
    content = JPEG + b"the same photo" * 50_000
    rows = at_once([lambda: store_attachment(content, by=SYSTEM, at=now)] * 6)
    row = Attachment.objects.get(sha256=hashlib.sha256(content).hexdigest())
    assert rows == [row] * 6
    assert read_attachment(row) == content


def test_finds_damaged_and_lost_bytes_and_heals_them_when_stored_again(
    module_database: str, now: datetime
) -> None:
    content = PNG + b"will be damaged"
    row = store_attachment(content, by=SYSTEM, at=now)
    path_of(row.sha256).write_bytes(content + b"!")
    with pytest.raises(AttachmentDamaged):
        read_attachment(row)
    path_of(row.sha256).unlink()
    with pytest.raises(AttachmentDamaged):
        read_attachment(row)
    assert store_attachment(content, by=SYSTEM, at=now) == row
    assert read_attachment(row) == content


def test_refuses_a_file_that_is_too_large(module_database: str, now: datetime) -> None:
    store_attachment(JPEG.ljust(MOST_BYTES, b"."), by=SYSTEM, at=now)
    with pytest.raises(AttachmentTooLarge):
        store_attachment(JPEG.ljust(MOST_BYTES + 1, b"."), by=SYSTEM, at=now)


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"<svg onload='steal()'/>", b" " + JPEG])
def test_believes_the_bytes_and_no_name(content: bytes, module_database: str, now: datetime) -> None:
    with pytest.raises(UnknownMedia):
        store_attachment(content, by=SYSTEM, at=now)
    assert not path_of(hashlib.sha256(content).hexdigest()).exists()


def test_refuses_a_file_from_nobody(module_database: str, now: datetime) -> None:
    with pytest.raises(NotPermitted):
        store_attachment(JPEG, by=NOBODY, at=now)
