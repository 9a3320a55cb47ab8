"""Keys in a backup are locked by the recovery key (恢复密钥), which lies in no backup."""

from __future__ import annotations

import base64
import json
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from mingdu.errors import TradeError
from mingdu.main.environment import make_folder

from .target import write_durably

MAGIC = b"MGKEYS1\n"
SALT_BYTES, NONCE_BYTES, KEY_BYTES = 16, 12, 32
# 32 MiB and about a tenth of a second a try (RFC 7914), for keys that people choose themselves.
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**15, 8, 1
CHANCE_BYTES = 20
LETTERS_A_GROUP = 4
RECOVERY_KEY = "backup_key"
# What is secret in a data folder; the password of the database is made anew when it is restored.
SECRET = ("secret_key", "keys", "tls", "passwords.json")

Keys = Mapping[str, bytes]


class WrongRecoveryKey(TradeError):
    """The recovery key does not open the keys of this backup, or their bytes are damaged."""

    next_step = "give the key that `mingdu backup` printed first: --key-file FILE; or go on --without-keys"


class NoRecoveryKey(TradeError):
    """There is no recovery key where it was looked for."""

    next_step = "write the key that `mingdu backup` printed first into a file: --key-file FILE"


def recovery_key(data_folder: Path) -> tuple[str, bool]:
    """Return the recovery key of a data folder, and whether it was made just now."""
    path = data_folder / RECOVERY_KEY
    if path.exists():
        return path.read_text().strip(), False
    letters = base64.b32encode(secrets.token_bytes(CHANCE_BYTES)).decode()
    groups = [letters[i : i + LETTERS_A_GROUP] for i in range(0, len(letters), LETTERS_A_GROUP)]
    make_folder(data_folder)
    # Written by a process that holds the lock of the backups, so that no second one makes another.
    old = os.umask(0o077)
    try:
        write_durably(path, "-".join(groups).encode())
    finally:
        os.umask(old)
    return "-".join(groups), True


def key_in_file(path: Path) -> str:
    """Return the recovery key that a file holds; raises NoRecoveryKey."""
    key = path.read_text(errors="replace").strip() if path.is_file() else ""
    if not key:
        raise NoRecoveryKey(f"{path}: no recovery key", file=str(path))
    return key


def keys_in(data_folder: Path) -> Keys:
    """Read every secret file of a data folder, by its relative path."""
    roots = [data_folder / name for name in SECRET]
    paths = [path for root in roots for path in (root, *root.rglob("*")) if path.is_file()]
    return {path.relative_to(data_folder).as_posix(): path.read_bytes() for path in sorted(paths)}


def write_keys(data_folder: Path, keys: Keys) -> None:
    """Put secret files into a data folder, readable by their owner alone."""
    for name, content in keys.items():
        path = data_folder / name
        make_folder(path.parent)
        path.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
        path.write_bytes(content)


def lock(keys: Keys, key: str) -> bytes:
    """Return the keys as bytes that only the recovery key opens: scrypt, then AES-256-GCM."""
    salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
    plain = json.dumps({name: base64.b64encode(content).decode() for name, content in keys.items()}).encode()
    return MAGIC + salt + nonce + AESGCM(_derived(key, salt)).encrypt(nonce, plain, MAGIC)


def unlock(locked: bytes, key: str) -> Keys:
    """Return the keys; raises WrongRecoveryKey."""
    start = len(MAGIC)
    salt, nonce = locked[start : start + SALT_BYTES], locked[start + SALT_BYTES :][:NONCE_BYTES]
    try:
        body = locked[start + SALT_BYTES + NONCE_BYTES :]
        plain = AESGCM(_derived(key, salt)).decrypt(nonce, body, locked[:start])
    except (InvalidTag, ValueError) as cause:
        raise WrongRecoveryKey("the recovery key does not open the keys of this backup") from cause
    return {name: base64.b64decode(content) for name, content in json.loads(plain).items()}


def _derived(key: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=KEY_BYTES, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P).derive(key.encode())
