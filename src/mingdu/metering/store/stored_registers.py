"""Register readings as they are found: the latest version of each, wherever its rows lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mingdu.core.instants import microseconds
from mingdu.core.types import Bytes, Flags, Ints, Times

from .latest import latest_places


@dataclass(frozen=True)
class StoredRegisters:
    """
    Readings found, the latest version of each.

    place                                        int64 (found,)  which of the asked keys or points
    meter_id, register, version, digits          int64 (found,)
    read_at                                      datetime64[us] (found,)
    quality                                      uint8 (found,)
    """

    place: Ints
    meter_id: Ints
    register: Ints
    read_at: Times
    version: Ints
    digits: Ints
    quality: Bytes

    def __len__(self) -> int:
        return len(self.place)

    def take(self, rows: Ints | Flags) -> StoredRegisters:
        """Return the chosen rows."""
        return StoredRegisters(
            self.place[rows], self.meter_id[rows], self.register[rows], self.read_at[rows],
            self.version[rows], self.digits[rows], self.quality[rows],
        )  # fmt: skip


def newest_registers(parts: Sequence[StoredRegisters]) -> StoredRegisters:
    """Return the highest version of each place, meter, register and instant, whichever part holds it."""
    joined = StoredRegisters(
        place=np.concatenate([part.place for part in parts]),
        meter_id=np.concatenate([part.meter_id for part in parts]),
        register=np.concatenate([part.register for part in parts]),
        read_at=np.concatenate([part.read_at for part in parts]),
        version=np.concatenate([part.version for part in parts]),
        digits=np.concatenate([part.digits for part in parts]),
        quality=np.concatenate([part.quality for part in parts]),
    )
    instants = microseconds(joined.read_at)
    keys = instants, joined.register, joined.meter_id, joined.place
    return joined.take(latest_places(joined.version, *keys))
