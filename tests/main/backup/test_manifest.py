"""A manifest is read strictly: whatever was not written by a backup is refused by one named error."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingdu.main.backup.manifest import (
    BadManifest,
    KeptFile,
    Manifest,
    TableTotal,
    Totals,
    kept_file,
    parse_manifest,
    read_files,
    read_manifest,
    write_files,
    write_manifest,
)
from mingdu.main.backup.target import Target, UnknownBackup

NAME = "20270104T010000.000Z"
AT = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
HASH = "ab" * 32
WHOLE = Manifest(
    name=NAME, kind="full", parent=None, log=NAME, first_segment="0" * 24, system="7712106517395094031",
    timeline=1, server_version=180006, database="mingdu", role="mingdu", ended_at=AT, database_bytes=1,
    database_sha256=HASH, keys_sha256=HASH, settings={"max_connections": "100"},
    totals=Totals("0/9000098", AT, {"public.money_entry": TableTotal(3, "-17")}),
    files_sha256=HASH, files_count=0, files_bytes=0,
)  # fmt: skip
PHOTO = KeptFile("attachments/ab/ab12", 7, 1, HASH)


def written(folder: Path) -> dict[str, Any]:
    write_manifest(folder, WHOLE)
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return found


def test_reads_what_it_has_written(tmp_path: Path) -> None:
    target = Target(tmp_path)
    folder = target.backups / NAME
    folder.mkdir(parents=True)
    write_manifest(folder, WHOLE)
    assert read_manifest(target, NAME) == WHOLE


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("schema", "mingdu/backup/2"), ("kind", "other"), ("parent", NAME), ("name", "../20270104"),
        ("first_segment", "x"), ("timeline", True), ("timeline", -1), ("server_version", 2**63),
        ("ended_at", "2027-01-04T01:00:00"), ("ended_at", 7), ("settings", []), ("settings", {"a": "b\nc"}),
        ("totals", None), ("totals", {"lsn": "x", "at": AT.isoformat(), "tables": {}}),
        ("database_sha256", "ab"), ("files_count", 1.5), ("role", "a\nb"),
    ],
)  # fmt: skip
def test_refuses_what_no_backup_writes(tmp_path: Path, key: str, value: object) -> None:
    with pytest.raises(BadManifest):
        parse_manifest(json.dumps({**written(tmp_path), key: value}).encode())


@pytest.mark.parametrize("path", ["", "/etc/passwd", "a/../../b", "a//b", "./a", "..", "a\x00b", "a" * 1001])
def test_refuses_paths_that_lead_out_of_the_folder(path: str) -> None:
    with pytest.raises(ValueError, match=r"path|form"):
        kept_file({"path": path, "bytes": 1, "modified_ns": 1, "sha256": HASH})


def test_reads_the_list_of_files_only_as_it_was_written(tmp_path: Path) -> None:
    target = Target(tmp_path)
    folder = target.backups / NAME
    folder.mkdir(parents=True)
    manifest = Manifest(**{**vars(WHOLE), "files_sha256": write_files(folder, [PHOTO])})
    assert read_files(target, manifest) == (PHOTO,)
    (folder / "files.jsonl").write_text("")
    with pytest.raises(BadManifest):
        read_files(target, manifest)


def test_tells_a_missing_backup_from_a_missing_manifest_and_a_foreign_one(tmp_path: Path) -> None:
    target = Target(tmp_path)
    with pytest.raises(UnknownBackup):
        read_manifest(target, NAME)
    with pytest.raises(UnknownBackup):
        read_manifest(target, "../..")
    folder = target.backups / "20270105T010000.000Z"
    folder.mkdir(parents=True)
    with pytest.raises(BadManifest, match="no manifest"):
        read_manifest(target, folder.name)
    write_manifest(folder, WHOLE)
    with pytest.raises(BadManifest, match="that of"):
        read_manifest(target, folder.name)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | JSON.map(lambda found: json.dumps(found).encode()))
def test_answers_any_bytes_by_its_own_error(data: bytes) -> None:
    with pytest.raises(BadManifest):
        parse_manifest(data)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_takes_one_changed_value_or_refuses_it_by_its_own_error(data: st.DataObject) -> None:
    content = {
        "schema": "mingdu/backup/1", **vars(WHOLE), "ended_at": AT.isoformat(),
        "totals": {"lsn": "0/1", "at": AT.isoformat(), "tables": {"t": {"rows": 1, "hash": "2"}}},
    }  # fmt: skip
    key = data.draw(st.sampled_from(sorted(content)))
    content[key] = data.draw(JSON)
    try:
        assert parse_manifest(json.dumps(content).encode()).name
    except BadManifest as refused:
        assert refused.message
