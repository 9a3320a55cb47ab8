"""Signs of life of the processes: main says how they are read, subjects above look at them."""

from __future__ import annotations

from collections.abc import Callable

# Tells of each process that must beat whether it does: {"worker": True, "headend": False}.
Reader = Callable[[], dict[str, bool]]

_readers: list[Reader] = []


def register_signs(reader: Reader) -> None:
    """Register how the signs are read; the latest one holds."""
    _readers[:] = [reader]


def silent_processes() -> list[str]:
    """Return the processes that must beat and do not, by name; none where nobody watches them."""
    return sorted(name for reader in _readers for name, beats in reader().items() if not beats)
