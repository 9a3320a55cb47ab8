"""
Signatures between Mingdu and the payment gateway, as WeChat Pay APIv3 makes them.

What is signed is `timestamp\\nnonce\\nbody\\n`, with RSA and SHA-256 (PKCS #1 v1.5), written in Base64.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

TIMESTAMP, NONCE, SIGNATURE = "Pay-Timestamp", "Pay-Nonce", "Pay-Signature"


@dataclass(frozen=True)
class Signed:
    """A body with what proves where it comes from: seconds since 1970, a nonce, the signature."""

    timestamp: str
    nonce: str
    signature: str
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        """The proof as headers of HTTP."""
        return {TIMESTAMP: self.timestamp, NONCE: self.nonce, SIGNATURE: self.signature}


def sign(key: RSAPrivateKey, timestamp: int, nonce: str, body: bytes) -> Signed:
    """Sign a body."""
    signature = key.sign(_signed_bytes(str(timestamp), nonce, body), PKCS1v15(), SHA256())
    return Signed(str(timestamp), nonce, b64encode(signature).decode(), body)


def read_signed(headers: Mapping[str, str], body: bytes) -> Signed:
    """Return a body with the proof that its headers carry; what is not there is empty, and proves nothing."""
    return Signed(headers.get(TIMESTAMP, ""), headers.get(NONCE, ""), headers.get(SIGNATURE, ""), body)


def is_genuine(key: RSAPublicKey, signed: Signed) -> bool:
    """Tell whether the holder of the private key signed exactly this."""
    message = _signed_bytes(signed.timestamp, signed.nonce, signed.body)
    try:
        key.verify(b64decode(signed.signature, validate=True), message, PKCS1v15(), SHA256())
    except (ValueError, InvalidSignature):
        return False
    return True


def _signed_bytes(timestamp: str, nonce: str, body: bytes) -> bytes:
    return f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
