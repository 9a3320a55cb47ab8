"""A file that appears under its name only when it is complete."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from mingdu.errors import TradeError


class NoSuchFolder(TradeError):
    """The folder of the file does not exist."""

    next_step = "make the folder first, or name another file"


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """
    Open a text file for writing beside its place and put it there at the end.

    When the block fails nothing new stands there, and what stood there before is as it was.
    raises  NoSuchFolder
    """
    if not path.parent.is_dir():
        raise NoSuchFolder(f"{path.parent} is no folder", folder=str(path.parent))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
