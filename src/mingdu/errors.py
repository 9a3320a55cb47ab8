"""The one base of every expected failure: a name, the values, the next step."""

from __future__ import annotations

from typing import Any, ClassVar


class TradeError(Exception):
    """
    Expected failure of the trade; subclasses live beside the function that raises them.

    The class name is the public name of the error (CONTRACTS: `{"error": {"name": …}}`).
    `message` tells the cause, `values` the figures behind it, `next_step` what a person can do.
    """

    next_step: ClassVar[str] = ""

    def __init__(self, message: str, *, next_step: str = "", **values: Any) -> None:
        super().__init__(message)
        self.message = message
        self.values = values
        self.next = next_step or self.next_step

    @property
    def name(self) -> str:
        """Public name: the class's own."""
        return type(self).__name__

    def as_json(self) -> dict[str, Any]:
        """Return the object printed on stderr and sent as problem+json."""
        return {"name": self.name, "message": self.message, "values": self.values, "next": self.next}
