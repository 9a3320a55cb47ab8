"""Rating of columns against the plain twin: any readings that pass the checks give the twin's bills."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingdu.billing.checks import Ground, hold
from mingdu.billing.inputs import Inputs, needed_registers
from mingdu.billing.rating import Rules, TiersNotMonthly, rate_inputs, rules_for, rules_of
from mingdu.core.bill_recompute import recompute
from mingdu.core.money import yuan_text
from mingdu.core.registers import PERIOD_REGISTERS, WH_PER_DIGIT, Register
from mingdu.customers.queries import AgreementTerms
from mingdu.rulebook.billing_checks import billing_checks

FIRST, END = date(2026, 12, 1), date(2027, 1, 1)
TARIFFS = ("yunnan-residential", "yunnan-one-part-tou", "yunnan-two-part-10kv")
RULES = {name: rules_for(name, FIRST, END) for name in TARIFFS}
# A month of each register in its digits, and where the register stood.
USED = st.integers(0, 3_000_000)
STOOD = st.integers(0, 90_000_000)
MOST = 10_000_000_000


@st.composite
def accounts(draw: st.DrawFn, rules: Rules) -> dict[str, Any]:
    """One account's readings, multiplier and terms; the total is off the periods by up to a digit each."""
    used = {register: draw(USED) for register in needed_registers(rules.tariff)}
    periods = [used[register] for register in used if register in PERIOD_REGISTERS]
    if periods:
        used[Register.TOTAL] = max(sum(periods) + draw(st.integers(-3, 3)), 0)
    start = {register: 0 if register is Register.DEMAND else draw(STOOD) for register in used}
    return {
        "readings": {register: (start[register], start[register] + used[register]) for register in used},
        "multiplier": draw(st.sampled_from([1, 30, 2000])),
        "contract": draw(st.integers(1, 500_000)),
        "capacity": draw(st.integers(1, 500_000)),
    }


def inputs_of(rules: Rules, rows: list[dict[str, Any]]) -> Inputs:
    registers, count = needed_registers(rules.tariff), len(rows)
    ids = np.arange(1, count + 1, dtype=np.int64)
    start, end = (
        np.array(
            [[row["readings"][register][edge] for register in registers] for row in rows], dtype=np.int64
        )
        for edge in (0, 1)
    )
    text = [""] * count
    no, ones = np.zeros(count, dtype=np.bool_), np.ones_like(start)
    return Inputs(
        terms=AgreementTerms(ids, ids, ids, text, text, text, text, text, text),
        registers=registers,
        from_digits=start,
        to_digits=end,
        from_versions=ones,
        to_versions=ones,
        quality=np.zeros(count, dtype=np.int64),
        missing=np.zeros(count, dtype=np.int64),
        multiplier=np.array([row["multiplier"] for row in rows], dtype=np.int64),
        register_range=np.full(count, 10**8),
        capacity_w=np.full(count, MOST),
        is_one_meter=~no,
        before_digits=np.full(count, -1),
        contract_w=np.array([row["contract"] * 10 for row in rows], dtype=np.int64),
        capacity_va=np.array([row["capacity"] * 10 for row in rows], dtype=np.int64),
        lacks_terms=no,
        wh_per_digit=np.full(count, WH_PER_DIGIT, dtype=np.int64),
        estimated_minutes=np.zeros(count, dtype=np.int64),
    )


def case_of(rules: Rules, row: dict[str, Any]) -> dict[str, Any]:
    def text(digits: int, decimals: int) -> str:
        return f"{digits // 10**decimals}.{digits % 10**decimals:0{decimals}d}"

    return {
        "account": {
            "number": "1", "contract_kw": text(row["contract"], 2), "capacity_kva": text(row["capacity"], 2),
        },
        "period": {"from": f"{FIRST}", "to": f"{END}"},
        "tariff": rules.document,
        "readings": [
            {
                "register": register.name, "from": text(edges[0], 4 if register is Register.DEMAND else 2),
                "to": text(edges[1], 4 if register is Register.DEMAND else 2),
                "multiplier": row["multiplier"], "digits": 6, "quality": "measured",
            }
            for register, edges in row["readings"].items()
        ],
    }  # fmt: skip


@pytest.mark.parametrize("name", TARIFFS)
@given(data=st.data())
def test_any_readings_that_pass_give_the_bills_of_the_twin(name: str, data: st.DataObject) -> None:
    rules = RULES[name]
    rows = data.draw(st.lists(accounts(rules), min_size=1, max_size=5))
    inputs = inputs_of(rules, rows)
    ids = inputs.terms.agreement_id
    hits = hold(inputs, Ground(ids[:0], ids, ids[:0], 744, billing_checks()))
    clean = np.setdiff1d(np.arange(len(rows)), [hit.row for hit in hits])
    assert {hit.check for hit in hits} <= {"total_against_periods"}
    rated = rate_inputs(inputs.take(clean), rules.tariff)
    for place, number in enumerate(clean.tolist()):
        twin = recompute(case_of(rules, rows[number]))
        assert yuan_text(int(rated.total_fen[place])) == f"{twin.total:.2f}"
        amounts = {line.id: int(line.amount_fen[place]) for line in rated.lines if line.amount_fen[place]}
        assert amounts == {line.id: int(line.amount * 100) for line in twin.lines if line.amount}


def test_the_same_inputs_have_the_same_hash_and_any_other_another() -> None:
    rules = RULES[TARIFFS[2]]
    row = {
        "readings": {register: (5, 10) for register in needed_registers(rules.tariff)},
        "multiplier": 30, "contract": 700, "capacity": 1000,
    }  # fmt: skip
    first = inputs_of(rules, [row, row]).content_hash()
    assert inputs_of(rules, [row, row]).content_hash() == first
    others = [
        row | {"multiplier": 31}, row | {"contract": 701}, row | {"capacity": 1001},
        row | {"readings": row["readings"] | {Register.DEMAND: (5, 11)}},
    ]  # fmt: skip
    hashes = {inputs_of(rules, [row, other]).content_hash() for other in others}
    assert len(hashes | {first}) == 5


@pytest.mark.parametrize("basis", ["year", "season"])
def test_refuses_tiers_that_need_what_was_used_before(tmp_path: Path, basis: str) -> None:
    write_home_tariff(tmp_path, basis)
    with pytest.raises(TiersNotMonthly):
        rules_for("home", FIRST, END, tmp_path)


@pytest.mark.parametrize("basis", ["month", "per_period"])
def test_takes_tiers_of_the_month_alone(tmp_path: Path, basis: str) -> None:
    write_home_tariff(tmp_path, basis)
    tiers = rules_for("home", FIRST, END, tmp_path).tariff.tiers
    assert tiers is not None and tiers.basis == basis


def write_home_tariff(folder: Path, basis: str) -> None:
    (folder / "tariffs").mkdir()
    (folder / "tariffs" / "home-2026.yaml").write_text(
        f"""
schema: mingdu/tariff/1
name: home
title: {{zh: 居民, en: Home}}
region: CN-53
currency: CNY
unit: yuan/kWh
valid_from: 2026-01-01
valid_to: null
source: made for a test
tariff:
  kind: residential
  tiers: {{basis: {basis}, steps: [{{upto_kwh: null, price: "0.45"}}]}}
""",
        encoding="utf-8",
    )


def test_reads_a_rule_file_again_when_it_has_changed(tmp_path: Path) -> None:
    write_home_tariff(tmp_path, "month")
    (file,) = (tmp_path / "tariffs").iterdir()
    before = rules_for("home", FIRST, END, tmp_path)
    assert rules_for("home", FIRST, END, tmp_path) is before
    file.write_text(file.read_text(encoding="utf-8").replace("0.45", "0.4512"), encoding="utf-8")
    after = rules_for("home", FIRST, END, tmp_path)
    assert after.rules_hash != before.rules_hash


def test_a_stored_document_gives_the_rules_it_was_made_of() -> None:
    rules = RULES[TARIFFS[0]]
    assert rules_of("stored", rules.document).tariff == rules.tariff
    assert rules_of("stored", rules.document).rules_hash == rules.rules_hash
