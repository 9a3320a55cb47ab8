"""Merging days: worked cases, a twin with a table, merging again changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mingdu.core.merge import Merge, UnlikeShapes, merge_day
from mingdu.core.quality import Quality
from tables import worked_cases

CASES = worked_cases("merge")
ESTIMATES = {"ESTIMATED_LINEAR", "ESTIMATED_LIKE_DAYS", "ESTIMATED_PROFILE", "ESTIMATED_FLAT", "PROVISIONAL"}


def merge_twin(old: tuple[int, int], new: tuple[int, int]) -> tuple[int, int, str]:
    """One interval by the sentences of the rule; returns value, quality, outcome."""
    old_name, new_name = Quality(old[1]).name, Quality(new[1]).name
    if new_name == "MISSING":
        return (*old, "")
    if old_name == "MISSING":
        return (*new, "accepted")
    if old_name in ESTIMATES:
        if new == old:
            return (*old, "same")
        return (*new, "accepted")
    if new_name in ESTIMATES:
        return (*old, "")
    return (*old, "same" if new[0] == old[0] else "conflict")


def outcome(merge: Merge, at: tuple[int, int]) -> str:
    names = [name for name in ("accepted", "same", "conflict") if getattr(merge, name)[at]]
    assert len(names) <= 1
    return "".join(names)


def days(shape: tuple[int, int]) -> st.SearchStrategy[tuple[Any, Any]]:
    quality = arrays(np.uint8, shape, elements=st.sampled_from(list(Quality)), fill=st.nothing())
    values = arrays(np.int64, shape, elements=st.integers(0, 2), fill=st.nothing())
    return st.tuples(values, quality).map(
        lambda day: (np.where(day[1] == Quality.MISSING, 0, day[0]), day[1])
    )


@pytest.mark.parametrize("case", CASES, ids=[f"{case['old']} < {case['arriving']}" for case in CASES])
def test_merges_the_worked_case(case: dict[str, str]) -> None:
    sides: list[Any] = []
    for side in (case["old"], case["arriving"]):
        quality, value = side.split()
        sides += [np.array([[int(value)]], dtype=np.int64), np.array([[Quality[quality]]], dtype=np.uint8)]
    merge = merge_day(*sides)
    assert f"{Quality(merge.quality[0, 0]).name} {merge.values[0, 0]}" == case["stored"]
    assert outcome(merge, (0, 0)) == case["outcome"]


@settings(max_examples=80, deadline=None)
@given(days((3, 6)), days((3, 6)))
def test_agrees_with_the_twin_and_merging_again_changes_nothing(
    old: tuple[Any, Any], new: tuple[Any, Any]
) -> None:
    merge = merge_day(*old, *new)
    for at in np.ndindex(3, 6):
        expected = merge_twin((old[0][at], old[1][at]), (new[0][at], new[1][at]))
        stored = int(merge.values[at]), int(merge.quality[at]), outcome(merge, at)
        assert stored == expected
    again = merge_day(merge.values, merge.quality, *new)
    assert not again.accepted.any()
    assert np.array_equal(again.values, merge.values) and np.array_equal(again.quality, merge.quality)
    assert np.array_equal(again.conflict, merge.conflict)
    assert again.values.dtype == np.int64 and again.quality.dtype == np.uint8


def test_refuses_columns_of_unlike_shape() -> None:
    values, quality = np.zeros((2, 3), dtype=np.int64), np.zeros((2, 3), dtype=np.uint8)
    with pytest.raises(UnlikeShapes, match=r"\(2, 2\)"):
        merge_day(values, quality, values, quality[:, :2])
