"""The kinds of tasks that are done at a meter: the stops of a reader's route."""

from __future__ import annotations

# A bill was made from what shall be read again.
REREAD = "reread"
# A point of a cycle's frozen list.
ROUND_READING = "round_reading"
STOPS = (REREAD, ROUND_READING)
