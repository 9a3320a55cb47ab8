"""What the command reads from meters/ is what the head end can work with."""

from __future__ import annotations

import pytest

from headend.stage import PROFILE
from mingdu.headend import BadSettings, Settings
from mingdu.main.environment import CHECKOUT
from mingdu.rulebook.terminals import terminal_profiles
from mingdu.wire.dtu import TerminalProfile


def test_the_demonstration_terminal_is_known() -> None:
    assert terminal_profiles(CHECKOUT / "meters") == (PROFILE,)


def test_refuses_to_start_without_a_profile() -> None:
    with pytest.raises(BadSettings, match="nobody could log in"):
        Settings(())


def test_refuses_an_address_that_does_not_fit_the_tables() -> None:
    with pytest.raises(BadSettings, match="8 bytes"):
        Settings((TerminalProfile("wide", b"\xab", b"\xef", 8),))
