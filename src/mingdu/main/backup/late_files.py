"""Files that came after the latest backup: noted beside the log, so that a restore in between has them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from mingdu.main.environment import Environment

from .files import keep_files, roots_of
from .log import Log
from .manifest import BadManifest, KeptFile, instant, kept_file
from .target import Target

LATE = "files.jsonl"
SEEN = "files.seen"
# Those that come one by one, each named by its content; the others are the next backup's.
GROWING = ("attachments", "sealed")
# A file gets its name a little after its last byte was written.
SLACK_NS = 60 * 1_000_000_000


def fetch_late_files(environment: Environment, target: Target, log: Log, now: datetime) -> int:
    """Bring what is new in the growing folders since the last look into the store; returns how many."""
    folder = target.logs / log.name
    since_ns = _seen_ns(folder)
    roots = roots_of(environment)
    fresh: list[KeptFile] = []
    for name in GROWING:
        for path in _changed_files(roots[name], since_ns - SLACK_NS):
            part = (Path(name) / path.relative_to(roots[name])).as_posix()
            fresh += keep_files(target, {part: path}, ())
    known = {(each.path, each.sha256) for _, each in late_files(target, log.name)}
    new = [each for each in fresh if (each.path, each.sha256) not in known]
    _append(folder / LATE, log.until_at, new)
    (folder / SEEN).write_text(str(int(now.timestamp() * 1_000_000_000)))
    return len(new)


def late_files(target: Target, name: str) -> list[tuple[datetime, KeptFile]]:
    """Return (noted with the log until, file) of a stretch; a cut last line is passed over."""
    path = target.logs / name / LATE
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    try:
        found = [json.loads(line) for line in lines]
        return [(instant(each["until_at"]), kept_file(each)) for each in found]
    except (ValueError, TypeError, KeyError) as cause:
        raise BadManifest(f"the log {name}: {LATE} is damaged: {str(cause)[:200]}", log=name) from cause


def _changed_files(root: Path, since_ns: int) -> Iterator[Path]:
    """Yield files changed since an instant; folders of attachments in which no name appeared are not read."""
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        is_flat = root.name == "attachments"
        if is_flat and folder.stat().st_mtime_ns < since_ns:
            continue
        paths = (folder, *folder.rglob("*"))
        yield from (path for path in paths if path.is_file() and path.stat().st_mtime_ns >= since_ns)


def _seen_ns(folder: Path) -> int:
    path = folder / SEEN
    return int(path.read_text() or 0) if path.exists() else 0


def _append(path: Path, until_at: datetime, files: list[KeptFile]) -> None:
    if not files:
        return
    whole = path.read_bytes().rpartition(b"\n") if path.exists() else (b"", b"", b"")
    with path.open("ab") as lines:
        # What a cut left of a line is taken off before the next is written.
        lines.truncate(len(whole[0]) + len(whole[1]))
        for each in files:
            line = {"until_at": until_at.isoformat(), **asdict(each)}
            lines.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        lines.flush()
        os.fsync(lines.fileno())
