"""A number that changes whenever an account's bills change, so that a page can be kept."""

from __future__ import annotations

from mingdu.base.database import cursor, reading_connection

# A bill is never edited; what it is worth changes by its bucket's issue, a correction, a reversal.
_STORED = """
    SELECT bit_xor(hash_record_extended((b.id, i.at), 0)),
        (SELECT bit_xor(hash_record_extended(c, 0)) FROM billing_correction c
         WHERE c.account_id = %(account)s)
    FROM billing_bill b LEFT JOIN billing_issue i ON i.run_id = b.run_id AND i.bucket = b.bucket
    WHERE b.account_id = %(account)s"""


def fingerprint_of_account(account_id: int) -> tuple[int | None, ...]:
    """Hash an account's bills, issues and corrections; the account's door was asked before."""
    row = cursor(reading_connection()).execute(_STORED, {"account": account_id}).fetchone()
    assert row is not None
    return tuple(row)
