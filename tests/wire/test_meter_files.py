from pathlib import Path
from typing import Any

import pytest
import yaml

from mingdu.wire.describe import TARIFF_NAMES
from mingdu.wire.dlt645.functions import STANDARDS
from mingdu.wire.dlt645.identifiers import KW, KWH, layout_of
from mingdu.wire.dlt645.profile import PROFILE_FROM_TIME, PROFILE_NEWEST, PROFILE_OLDEST
from mingdu.wire.dtu import TerminalProfile, write_heartbeat, write_registration

METERS = Path(__file__).parents[2] / "meters"


def load(name: str) -> dict[str, Any]:
    loaded = yaml.safe_load((METERS / name).read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


METER = load("demo-meter-645.yaml")
TERMINAL = load("dtu-demo.yaml")


def test_the_terminals_example_is_what_its_profile_sends() -> None:
    profile = TerminalProfile(
        TERMINAL["model"],
        bytes.fromhex(TERMINAL["registration"]["prefix"]),
        bytes.fromhex(TERMINAL["heartbeat"]["prefix"]),
        TERMINAL["address"]["bytes"],
        TERMINAL["address"]["order"] == "low_byte_first",
    )
    example = TERMINAL["example"]
    assert write_registration(example["address"], profile) == bytes.fromhex(example["registration"])
    assert write_heartbeat(example["address"], profile) == bytes.fromhex(example["heartbeat"])


def test_the_demo_meters_tariffs_are_the_usual_ones() -> None:
    assert {0: "TOTAL", **METER["tariffs"]} == TARIFF_NAMES
    assert METER["protocol"] in STANDARDS


def test_the_demo_meters_registers_are_as_wide_as_the_protocol_says() -> None:
    for name, form in (("energy", KWH), ("demand", KW)):
        register = METER["registers"][name]
        assert (register["digits"], register["decimals"]) == (2 * form.width, form.decimals)
    assert METER["registers"]["energy"]["rolls_over_after"] == "999999.99"


def test_every_identifier_of_the_demo_meter_is_known_as_deep_as_it_says() -> None:
    for name, entry in METER["identifiers"].items():
        pattern = entry["data_id"]
        for nth in (1, entry.get("depth", 1)):
            text = pattern.replace("ss", f"{nth:02X}").replace("nn", f"{nth:02X}")
            assert layout_of(int(text, 16)) is not None, name
    profile = METER["load_profile"]
    assert [int(profile[key], 16) for key in ("oldest", "from_time", "newest")] == [
        PROFILE_OLDEST,
        PROFILE_FROM_TIME,
        PROFILE_NEWEST,
    ]


@pytest.mark.parametrize("model", [METER, TERMINAL], ids=lambda model: model["model"])
def test_a_quality_list_says_done_to_do_or_exempt_with_reason(model: dict[str, Any]) -> None:
    for entry in model["quality"].values():
        assert entry["state"] in {"done", "to_do", "exempt"}
        assert entry["state"] == "done" or entry["reason"]


def test_what_no_frame_proves_is_marked_as_not_verified() -> None:
    unproven = [METER["load_profile"], *METER["identifiers"].values()]
    assert METER["load_profile"]["verified"] is False
    for entry in unproven:
        assert entry["source"]
        assert entry["verified"] or entry["confidence"] == "K"
