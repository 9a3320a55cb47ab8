"""Where secrets are drawn and hashed; nowhere else."""

from __future__ import annotations

import hashlib
import secrets

LEGIBLE = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
# 14 letters of 55 are 80 bits.
PASSWORD_LETTERS = 14


def new_token() -> str:
    """Return a fresh secret for a signed-in session."""
    return secrets.token_urlsafe(32)


def new_password() -> str:
    """Return a fresh password to hand to a colleague, without letters that look alike."""
    return "".join(secrets.choice(LEGIBLE) for _ in range(PASSWORD_LETTERS))


def new_code() -> str:
    """Return a fresh six-digit one-time code (验证码)."""
    return f"{secrets.randbelow(1_000_000):06d}"


def secret_hash(secret: str, *, context: str = "") -> str:
    """Return the hash under which a secret is stored; `context` (a phone number) keeps equal codes apart."""
    return hashlib.sha256(f"{context}\n{secret}".encode()).hexdigest()
