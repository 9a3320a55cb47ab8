"""Browser sessions: what is kept comes back, what is over or unknown is empty."""

from __future__ import annotations

from datetime import timedelta

import pytest

pytestmark = pytest.mark.database


def test_a_session_comes_back_as_it_was_saved(database: str) -> None:
    from mingdu.main.sessions import SessionStore

    kept = SessionStore()
    kept["customer_id"] = 42
    kept.save()
    assert SessionStore(kept.session_key).load() == {"customer_id": 42}


def test_one_that_is_over_is_empty_and_gets_another_key(database: str) -> None:
    from mingdu.main.sessions import SessionStore

    kept = SessionStore()
    kept["customer_id"] = 42
    kept.set_expiry(timedelta(seconds=-1))
    kept.save()
    over = SessionStore(kept.session_key)
    assert over.load() == {}
    assert over.session_key is None


@pytest.mark.parametrize("key", ["x" * 32, "'; DROP TABLE django_session; --"])
def test_an_unknown_key_opens_nothing(database: str, key: str) -> None:
    from mingdu.main.sessions import SessionStore

    unknown = SessionStore(key)
    assert unknown.get("customer_id") is None
    assert unknown.session_key is None
