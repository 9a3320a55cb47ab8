"""The line to the gateway: a signed question goes out by HTTP, its signed answer comes back."""

from __future__ import annotations

import httpx

from .merchant import Merchant
from .signatures import Signed, read_signed

TIMEOUT_SECONDS = 3


def ask_by_http(gateway_url: str, contract: Merchant, question: Signed) -> Signed | None:
    """
    Send a signed question about an order; None when the gateway does not answer it.

    gateway_url  scheme, host and port; empty where nobody knows it
    """
    try:
        answer = httpx.get(
            gateway_url + contract.query_path, params={"order": question.body.decode()},
            headers=question.headers, timeout=TIMEOUT_SECONDS, verify=contract.trust,
        )  # fmt: skip
    except httpx.TransportError:
        return None
    if not answer.is_success:
        return None
    return read_signed(answer.headers, answer.content)
