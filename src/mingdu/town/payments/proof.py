"""Who said it: the gateway's own signatures and those of its merchants (RSA with SHA-256)."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

HEADS = ("Pay-Timestamp", "Pay-Nonce", "Pay-Signature")


@dataclass(frozen=True)
class Proof:
    """What goes with a body: the second it was signed, a nonce, the signature in Base64."""

    timestamp: str
    nonce: str
    signature: str

    def headers(self) -> dict[str, str]:
        """Return the proof as headers of HTTP."""
        return dict(zip(HEADS, (self.timestamp, self.nonce, self.signature), strict=True))


def prove(key: rsa.RSAPrivateKey, body: bytes, now: datetime) -> Proof:
    """Sign a body, each time with a nonce of its own."""
    timestamp, nonce = str(int(now.timestamp())), secrets.token_hex(16)
    signature = key.sign(_covered(timestamp, nonce, body), padding.PKCS1v15(), hashes.SHA256())
    return Proof(timestamp, nonce, base64.b64encode(signature).decode("ascii"))


def is_proven(key: rsa.RSAPublicKey, body: bytes, proof: Proof) -> bool:
    """Tell whether the merchant signed this body."""
    try:
        signature = base64.b64decode(proof.signature, validate=True)
        covered = _covered(proof.timestamp, proof.nonce, body)
        key.verify(signature, covered, padding.PKCS1v15(), hashes.SHA256())
    except (ValueError, InvalidSignature):
        return False
    return True


def spoilt(proof: Proof) -> Proof:
    """Return the proof with a signature that fits nothing: what a forger would send."""
    signature = bytearray(base64.b64decode(proof.signature))
    signature[0] ^= 1
    return Proof(proof.timestamp, proof.nonce, base64.b64encode(signature).decode("ascii"))


def _covered(timestamp: str, nonce: str, body: bytes) -> bytes:
    return b"\n".join((timestamp.encode(), nonce.encode(), body, b""))
