"""
Parts of pages that are kept in the memory of this process, under everything that they were made from.

None outlives what it shows: its name holds the fingerprints of the stored rows, so that a new reading or bill
makes a new part at once, in every process. What is no longer asked for is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

from django.core.cache import caches
from django.utils.safestring import SafeString
from django.utils.translation import get_language

CACHE = "parts"


def kept(name: str, made_from: tuple[object, ...], make: Callable[[], str]) -> SafeString:
    """
    Return a part of a page, made now or kept from before.

    made_from  all that the part shows or follows from, with a fixed `repr`; the language is added
    make       renders it by a template, which has escaped what it shows
    """
    key = blake2b(repr((name, get_language(), made_from)).encode(), digest_size=32).hexdigest()
    part: str | None = caches[CACHE].get(key)
    if part is None:
        part = str(make())
        caches[CACHE].set(key, part)
    return SafeString(part)
