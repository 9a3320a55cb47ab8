"""The key pairs of payment, ours and the simulated gateway's; each side gets the other's public half."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from mingdu.errors import TradeError

from .environment import make_folder

BITS = 2048


class BadKey(TradeError):
    """A file of the keys holds no RSA key."""

    next_step = "put the right key back; removing the file makes a new one, which the other side must get"


@dataclass(frozen=True)
class KeyPair:
    """A private key and what is given to the other side."""

    private: RSAPrivateKey

    @property
    def public(self) -> RSAPublicKey:
        """The half that verifies."""
        return self.private.public_key()


def key_pair(folder: Path, name: str) -> KeyPair:
    """
    Return a key pair that is kept in a folder; the first caller makes it, readable by its owner alone.

    raises  BadKey
    """
    path = folder / f"{name}.pem"
    if not path.exists():
        _make(path)
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except ValueError as cause:
        raise BadKey(f"{path.name}: {cause}", file=str(path)) from cause
    if not isinstance(key, RSAPrivateKey):
        raise BadKey(f"{path.name} is no RSA key", file=str(path))
    return KeyPair(key)


def _make(path: Path) -> None:
    make_folder(path.parent)
    key = generate_private_key(public_exponent=65537, key_size=BITS)
    with tempfile.NamedTemporaryFile(dir=path.parent) as fresh:
        fresh.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        fresh.flush()
        os.fsync(fresh.fileno())
        # The file appears under its name only when complete; of two first callers one key stays.
        with contextlib.suppress(FileExistsError):
            os.link(fresh.name, path)
