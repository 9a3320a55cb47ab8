"""What is kept: the latest full backups with all that stands on them, their log, and their files."""

from __future__ import annotations

import shutil

from .files import remove_unnamed
from .late_files import late_files
from .log import forget_segments, log_names
from .manifest import Manifest, manifests, read_files
from .rules import FULL
from .target import PARTIAL, Target


def prune(target: Target, keep_full: int) -> tuple[str, ...]:
    """
    Remove backups older than the oldest full one that is kept; returns their names.

    keep_full  how many full backups are kept, each with the incremental ones upon it
    """
    found = manifests(target)
    full = [each.name for each in found if each.kind == FULL]
    # While there are not more full ones than that nothing goes, not even what stands on a damaged one.
    oldest = full[-keep_full] if len(full) > keep_full else ""
    needed = _needed(found, oldest)
    kept = [each for each in found if each.name in needed]
    removed = tuple(name for name in target.names() if name < oldest and name not in needed)
    for name in removed:
        # A cut removal leaves a partial one, which is never offered and goes with the next run.
        gone = target.backups / (name + PARTIAL)
        (target.backups / name).rename(gone)
        shutil.rmtree(gone)
    if kept:
        _prune_logs(target, kept)
        named = {file.sha256 for each in kept for file in read_files(target, each)}
        named |= {file.sha256 for name in log_names(target) for _, file in late_files(target, name)}
        remove_unnamed(target, named)
    return removed


def _needed(found: list[Manifest], oldest: str) -> set[str]:
    """Return the backups from the oldest on that is kept, with all on which they stand."""
    parents = {each.name: each.parent for each in found}
    needed = {name for name in parents if name >= oldest}
    while missing := {parent for name in needed if (parent := parents.get(name))} - needed:
        needed |= missing
    return needed


def _prune_logs(target: Target, kept: list[Manifest]) -> None:
    first: dict[str, str] = {}
    for each in kept:
        first[each.log] = min(first.get(each.log, each.first_segment), each.first_segment)
    # The stretch that is written now may have no backup of its own yet.
    for name in log_names(target)[:-1]:
        if name not in first:
            shutil.rmtree(target.logs / name)
    for name, segment in first.items():
        forget_segments(target, name, segment)
