"""Meter models: the files of the project all load, and wrong ones are refused by place."""

from __future__ import annotations

from pathlib import Path

import pytest

from mingdu.core.registers import Register
from mingdu.rulebook.document import BadDocument, read_yaml
from mingdu.rulebook.meters import (
    RegisterForm,
    UnknownMeterModel,
    find_meters_folder,
    meter_model,
    meter_models,
    read_meter_model,
)

GOOD = """
schema: mingdu/meter/1
model: small
protocol: dlt645-2007
tariffs: {1: PEAK, 2: VALLEY}
registers:
  energy: {digits: 6, decimals: 2, unit: kWh}
load_profile: {interval_minutes: 30}
"""


def test_loads_every_model_of_the_project() -> None:
    models = meter_models()
    assert "dtu-demo" not in models
    demo = models["demo-meter-645"]
    assert (demo.energy, demo.interval_minutes) == (RegisterForm(8, 2, "kWh"), 15)
    assert demo.demand == RegisterForm(6, 4, "kW")
    assert demo.tariffs[2] is Register.PEAK
    assert meter_model("demo-meter-645") == demo


def test_a_model_may_lack_reactive_and_demand_registers() -> None:
    model = read_meter_model(read_yaml(GOOD.encode(), "small.yaml"))
    assert (model.reactive, model.demand, model.interval_minutes) == (None, None, 30)


@pytest.mark.parametrize(
    ("good", "wrong", "key"),
    [
        ("1: PEAK", "0: PEAK", "tariffs.0"),
        ("1: PEAK", "one: PEAK", "tariffs.one"),
        ("1: PEAK", "1: NOON", "tariffs.1"),
        ("2: VALLEY", "2: PEAK", "tariffs"),
        ("tariffs: {1: PEAK, 2: VALLEY}", "tariffs: [PEAK]", "tariffs"),
        ("digits: 6", "digits: 11", "registers.energy"),
        ("decimals: 2", "decimals: 7", "registers.energy"),
        ("interval_minutes: 30", "interval_minutes: 7", "load_profile.interval_minutes"),
        ("energy:", "steam:", "registers.steam"),
    ],
)
def test_refuses_a_wrong_file_and_names_the_place(good: str, wrong: str, key: str) -> None:
    with pytest.raises(BadDocument) as refused:
        read_meter_model(read_yaml(GOOD.replace(good, wrong).encode(), "small.yaml"))
    assert refused.value.values["key"] == key


def test_refuses_an_unknown_model(tmp_path: Path) -> None:
    with pytest.raises(UnknownMeterModel):
        meter_model("nobody makes this")
    with pytest.raises(UnknownMeterModel):
        find_meters_folder(tmp_path / "nowhere")
    assert meter_models(tmp_path) == {}
