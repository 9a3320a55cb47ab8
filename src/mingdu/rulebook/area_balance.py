"""Reads rules/balance/areas.yaml (台区线损)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mingdu.core.area_balance import PPM, Band
from mingdu.core.area_suspects import LEAST_DAYS

from .document import Node, read_yaml_file
from .folders import find_rules_folder

SCHEMA = "mingdu/area-balance/1"
# A percent is 10,000 ppm.
DECIMALS_OF_PERCENT = 4
MOST_DAYS = 366


@dataclass(frozen=True)
class BalanceRules:
    """
    What balances of areas are judged by.

    look_back_days    days from which an area's technical share is learned
    explains_ppm      from this share on a point is named for its area's loss
    better_area_ppm   from this share on a point is said to fit another area
    source, verified  where the values are from, and whether that was checked
    """

    band: Band
    look_back_days: int
    explains_ppm: int
    better_area_ppm: int
    source: str
    verified: bool


@cache
def balance_rules(folder: Path | None = None) -> BalanceRules:
    """Return the rules; raises BadDocument, BadUnit."""
    document = read_yaml_file(find_rules_folder(folder) / "balance" / "areas.yaml")
    document.at("schema").choice([SCHEMA])
    loss, named, days = (
        document.at("technical_loss"),
        document.at("named_from"),
        document.at("look_back_days"),
    )
    band = Band(_ppm(loss.at("lowest")), _ppm(loss.at("highest")))
    if not 0 <= band.lowest_ppm <= band.highest_ppm <= PPM:
        raise loss.bad("two shares from 0 to 100 are expected, the lowest first")
    if not LEAST_DAYS <= days.whole() <= MOST_DAYS:
        raise days.bad(f"{LEAST_DAYS} to {MOST_DAYS} days are expected")
    return BalanceRules(
        band=band,
        look_back_days=days.whole(),
        explains_ppm=_ppm(named.at("explains")),
        better_area_ppm=_ppm(named.at("better_area")),
        source=document.at("source").text(),
        verified=document.at("verified").boolean(),
    )


def _ppm(percent: Node) -> int:
    return percent.scaled("%", DECIMALS_OF_PERCENT)
