"""What arrives meets what is stored, interval by interval: taken, known already, or in conflict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mingdu.core.quality import ESTIMATED, Quality
from mingdu.core.types import Bytes, Flags, Ints
from mingdu.errors import TradeError

ABSENT, WEAK, FIRM = 0, 1, 2

# How much a value weighs: a reading, an edit and a suspect reading are evidence; an estimate gives way.
_WEIGHT = np.full(len(Quality), FIRM, dtype=np.uint8)
_WEIGHT[[*ESTIMATED, Quality.PROVISIONAL]] = WEAK
_WEIGHT[Quality.MISSING] = ABSENT


class UnlikeShapes(TradeError):
    """Columns whose shapes do not belong together."""


@dataclass(frozen=True)
class Merge:
    """
    The merged day and what became of each arriving interval.

    values, quality  int64, uint8 (row, point)  what is stored from now on
    accepted         bool (row, point)          the new value was taken
    same             bool (row, point)          the new value was known already
    conflict         bool (row, point)          evidence against evidence: the old value stays

    An interval with no flag brought nothing, or brought an estimate where there is evidence.
    """

    values: Ints
    quality: Bytes
    accepted: Flags
    same: Flags
    conflict: Flags


def merge_day(old_values: Ints, old_quality: Bytes, new_values: Ints, new_quality: Bytes) -> Merge:
    """
    Merge arriving intervals into stored ones.

    | stored \\ arriving | missing | estimate, provisional | measured, edited, suspect    |
    |-------------------|---------|-----------------------|------------------------------|
    | missing           | –       | accepted              | accepted                     |
    | estimate, prov.   | –       | same or accepted      | accepted                     |
    | measured, edited… | –       | –                     | same if equal, else conflict |

    values   int64 (row, point)  register digits
    quality  uint8 (row, point)  Quality
    returns  Merge; merging the same day again accepts nothing and changes nothing
    raises   UnlikeShapes
    """
    shapes = {old_values.shape, old_quality.shape, new_values.shape, new_quality.shape}
    if len(shapes) > 1:
        raise UnlikeShapes(f"values and quality have the shapes {sorted(shapes)}")
    old_weight, new_weight = _WEIGHT[old_quality], _WEIGHT[new_quality]
    comes = new_weight != ABSENT
    equal = new_values == old_values
    both_firm = (old_weight == FIRM) & (new_weight == FIRM)
    both_weak = (old_weight == WEAK) & (new_weight == WEAK)
    known = equal & (both_firm | (both_weak & (new_quality == old_quality)))
    accepted = comes & (old_weight != FIRM) & ~known
    return Merge(
        values=np.where(accepted, new_values, old_values),
        quality=np.where(accepted, new_quality, old_quality),
        accepted=accepted,
        same=known,
        conflict=both_firm & ~equal,
    )
