"""From inputs to rated bills: the same columnar `rate` that `mingdu bill` calls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from mingdu.core.determinants import Determinants
from mingdu.core.rated import RatedBills
from mingdu.core.rating import rate
from mingdu.core.registers import DEMAND_DIGITS_PER_KW, Register
from mingdu.core.tariff import Tariff, TierBasis
from mingdu.core.types import Ints
from mingdu.errors import TradeError
from mingdu.rulebook.document import Node
from mingdu.rulebook.folders import find_rules_folder
from mingdu.rulebook.rule_files import rules_hash, tariff_document
from mingdu.rulebook.tariff_reader import read_tariff

from .checks import period_energy_wh, total_energy_wh
from .inputs import THOUSAND, Inputs


class TiersNotMonthly(TradeError):
    """Tiers that run over a season or a year need what was used before; bill runs rate single months."""

    next_step = "bill these accounts by case files (mingdu bill), which say what was used before"


@dataclass(frozen=True)
class Rules:
    """One price table that holds through a period, with the hash of its content."""

    tariff_name: str
    document: dict[str, Any]
    tariff: Tariff
    rules_hash: str


def rules_for(tariff_name: str, first: date, end: date, folder: Path | None = None) -> Rules:
    """
    Return the rules of a tariff for a period; a file is read again when it has changed.

    raises  UnknownTariff, NoPriceForDay, TiersNotMonthly and every error of the rule file
    """
    files = sorted((find_rules_folder(folder) / "tariffs").glob("*.yaml"))
    stamps = tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files)
    return _rules_as_stamped(tariff_name, first, end, folder, stamps)


def rules_of(tariff_name: str, document: dict[str, Any]) -> Rules:
    """Return the rules of a stored document."""
    tariff = read_tariff(Node(document, tariff_name, "tariff"))
    return Rules(tariff_name, document, tariff, rules_hash(document))


def rate_inputs(inputs: Inputs, tariff: Tariff) -> RatedBills:
    """Rate all rows; they have passed the checks, so no register is missing and none fell."""
    periods, _ = period_energy_wh(inputs)
    energy = {Register.TOTAL: total_energy_wh(inputs), **periods}
    determinants = Determinants(
        energy_wh=energy,
        reactive_varh=_reactive(inputs),
        demand_w=_demand_w(inputs),
        contract_w=inputs.contract_w,
        capacity_va=inputs.capacity_va,
        used_before_wh=np.zeros(len(inputs), dtype=np.int64),
        months=np.ones(len(inputs), dtype=np.int64),
    )
    return rate(tariff, determinants)


# Reading the files takes a quarter of a bucket's time, and every bucket of a run asks for the same.
@lru_cache(maxsize=64)
def _rules_as_stamped(
    tariff_name: str, first: date, end: date, folder: Path | None, stamps: tuple[tuple[str, int, int], ...]
) -> Rules:
    rules = rules_of(tariff_name, tariff_document(tariff_name, first, end, folder))
    tiers = rules.tariff.tiers
    if tiers is not None and tiers.basis in (TierBasis.SEASON, TierBasis.YEAR):
        raise TiersNotMonthly(f"the tiers of {tariff_name} run over a {tiers.basis}", tariff=tariff_name)
    return rules


def _reactive(inputs: Inputs) -> Ints | None:
    places = [
        place
        for place, register in enumerate(inputs.registers)
        if register in (Register.REACTIVE_FORWARD, Register.REACTIVE_REVERSE)
    ]
    if not places:
        return None
    used = (inputs.to_digits[:, places] - inputs.from_digits[:, places]).sum(axis=1, dtype=np.int64)
    varh: Ints = used * inputs.wh_per_digit * inputs.multiplier
    return varh


def _demand_w(inputs: Inputs) -> Ints | None:
    if Register.DEMAND not in inputs.registers:
        return None
    digits = inputs.to_digits[:, inputs.registers.index(Register.DEMAND)] * inputs.multiplier
    # 0.0001 kW is a tenth of a watt: half up to a whole one, after the multiplier.
    digits_per_w = DEMAND_DIGITS_PER_KW // THOUSAND
    return (digits + digits_per_w // 2) // digits_per_w
