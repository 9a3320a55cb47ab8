"""The keys of payment are made once, for their owner alone."""

from __future__ import annotations

import stat
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mingdu.main.payment_keys import BITS, BadKey, key_pair
from threads import at_once


def public_numbers(folder: Path) -> object:
    return key_pair(folder, "merchant").public.public_numbers()


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    outcomes = at_once([partial(public_numbers, folder)] * 4)
    assert len({str(outcome) for outcome in outcomes}) == 1
    (made,) = folder.iterdir()
    assert (made.name, stat.S_IMODE(made.stat().st_mode)) == ("merchant.pem", 0o600)
    assert key_pair(folder, "merchant").private.key_size == BITS
    assert key_pair(folder, "gateway").public.public_numbers() != outcomes[0]


def test_refuses_a_file_that_holds_no_rsa_key(tmp_path: Path) -> None:
    (tmp_path / "cut.pem").write_bytes(b"-----BEGIN PRIVATE KEY-----")
    other = generate_private_key(SECP256R1())
    curve = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "curve.pem").write_bytes(curve)
    for name in ("cut", "curve"):
        with pytest.raises(BadKey):
            key_pair(tmp_path, name)
