"""One try of claimed work: it holds whole or not at all, and a failure is kept on the row of the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import psycopg
from django.db import Error, transaction

from mingdu.errors import TradeError

# Models report the database's failures as Django's errors, mass work on columns as psycopg's.
FORESEEN = (TradeError, Error, psycopg.Error)


@contextmanager
def attempt(keep: Callable[[Exception], bool]) -> Iterator[None]:
    """
    Run the block in one transaction; whatever fails in it, the commit included, undoes it whole.

    keep   writes the failure on the claimed row, after the roll-back; tells whether a row was claimed
    raises what nobody foresaw: it is kept too, so that one bad row never blocks the others, and then shown;
           a failure of the trade or of the database on a claimed row ends here
    """

    def end(_kind: object, failure: BaseException | None, _trace: object) -> bool:
        return isinstance(failure, Exception) and keep(failure) and isinstance(failure, FORESEEN)

    with ExitStack() as stack:
        stack.push(end)
        stack.enter_context(transaction.atomic())
        yield
