"""Terminal files under meters/ become the profiles by which the head end knows who dials in."""

from __future__ import annotations

from pathlib import Path

import pytest

from mingdu.rulebook.document import BadDocument
from mingdu.rulebook.meters import UnknownMeterModel
from mingdu.rulebook.terminals import terminal_profiles
from mingdu.wire.dtu import BadProfile, TerminalProfile

FILE = """
schema: mingdu/terminal/1
model: park-dtu
registration: {prefix: "AB CD"}
heartbeat: {prefix: "EF"}
address: {bytes: 5, code: bcd, order: low_byte_first}
"""


def test_the_demonstration_terminal_is_known() -> None:
    assert terminal_profiles() == (TerminalProfile("dtu-demo", b"\x4d\x44", b"\xfe\x00", 6),)


def test_meter_files_beside_it_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "park.yaml").write_text(FILE)
    (tmp_path / "meter.yaml").write_text("schema: mingdu/meter/1")
    assert terminal_profiles(tmp_path) == (
        TerminalProfile("park-dtu", b"\xab\xcd", b"\xef", 5, is_low_byte_first=True),
    )


@pytest.mark.parametrize(
    ("found", "written", "error"),
    [
        ('"AB CD"', '"AB C"', BadDocument),
        ("low_byte_first", "backwards", BadDocument),
        ("model: park-dtu", "name: park-dtu", BadDocument),
        ('"EF"', '"AB"', BadProfile),
    ],
)
def test_refuses_a_file_that_describes_no_terminal(
    tmp_path: Path, found: str, written: str, error: type[Exception]
) -> None:
    (tmp_path / "park.yaml").write_text(FILE.replace(found, written))
    with pytest.raises(error):
        terminal_profiles(tmp_path)


def test_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnknownMeterModel):
        terminal_profiles(tmp_path / "nowhere")
