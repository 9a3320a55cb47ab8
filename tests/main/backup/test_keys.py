"""Keys are locked well, and the recovery key is made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from mingdu.main.backup.locked_keys import (
    MAGIC,
    RECOVERY_KEY,
    WrongRecoveryKey,
    keys_in,
    lock,
    recovery_key,
    unlock,
    write_keys,
)

KEYS = {"secret_key": b"a secret", "keys/ours.pem": b"\x00\xff"}


def test_gives_back_what_was_locked_and_shows_none_of_it() -> None:
    locked = lock(KEYS, "ABCD")
    assert unlock(locked, "ABCD") == KEYS
    assert b"secret" not in locked and lock(KEYS, "ABCD") != locked


@pytest.mark.parametrize("place", [0, len(MAGIC), len(MAGIC) + 16, -1])
def test_refuses_a_changed_byte_anywhere(place: int) -> None:
    locked = bytearray(lock(KEYS, "ABCD"))
    locked[place] ^= 1
    with pytest.raises(WrongRecoveryKey):
        unlock(bytes(locked), "ABCD")


@pytest.mark.parametrize("locked", [b"", MAGIC, b"x" * 40])
def test_refuses_what_was_never_locked(locked: bytes) -> None:
    with pytest.raises(WrongRecoveryKey):
        unlock(locked, "ABCD")


def test_makes_the_recovery_key_once_for_its_owner_alone(tmp_path: Path) -> None:
    key, is_new = recovery_key(tmp_path)
    assert is_new and len(key.replace("-", "")) == 32
    assert recovery_key(tmp_path) == (key, False)
    assert (tmp_path / RECOVERY_KEY).stat().st_mode & 0o777 == 0o600


def test_takes_the_secrets_of_a_data_folder_and_not_the_recovery_key(tmp_path: Path) -> None:
    recovery_key(tmp_path)
    write_keys(tmp_path, KEYS)
    (tmp_path / "attachments").mkdir()
    assert keys_in(tmp_path) == KEYS
    assert (tmp_path / "keys" / "ours.pem").stat().st_mode & 0o777 == 0o600
