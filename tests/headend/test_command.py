"""The command reads the terminal files that stand under meters/."""

from __future__ import annotations

from pathlib import Path

import pytest

from headend.stage import PROFILE
from mingdu.headend import BadSettings, Settings
from mingdu.main.cli.headend import read_profiles
from mingdu.main.environment import CHECKOUT
from mingdu.rulebook.document import BadDocument
from mingdu.wire.dtu import BadProfile, TerminalProfile

FILE = """
schema: mingdu/terminal/1
model: park-dtu
registration: {prefix: "AB CD"}
heartbeat: {prefix: "EF"}
address: {bytes: 5, code: bcd, order: low_byte_first}
"""


def test_the_demonstration_terminal_is_known() -> None:
    assert read_profiles(CHECKOUT / "meters") == (PROFILE,)


def test_meter_files_beside_it_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "park.yaml").write_text(FILE)
    (tmp_path / "meter.yaml").write_text("schema: mingdu/meter/1")
    assert read_profiles(tmp_path) == (
        TerminalProfile("park-dtu", b"\xab\xcd", b"\xef", 5, is_low_byte_first=True),
    )


@pytest.mark.parametrize(
    ("found", "written", "error"),
    [
        ('"AB CD"', '"AB C"', BadDocument),
        ("low_byte_first", "backwards", BadDocument),
        ('"EF"', '"AB"', BadProfile),
    ],
)
def test_refuses_a_file_that_describes_no_terminal(
    tmp_path: Path, found: str, written: str, error: type[Exception]
) -> None:
    (tmp_path / "park.yaml").write_text(FILE.replace(found, written))
    with pytest.raises(error):
        read_profiles(tmp_path)


def test_refuses_to_start_without_a_profile() -> None:
    with pytest.raises(BadSettings, match="nobody could log in"):
        Settings(())


def test_refuses_an_address_that_does_not_fit_the_tables() -> None:
    with pytest.raises(BadSettings, match="8 bytes"):
        Settings((TerminalProfile("wide", b"\xab", b"\xef", 8),))
