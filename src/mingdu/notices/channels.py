"""The seam to the outside: a channel takes a message and returns its proof. The app inbox is the first."""

from __future__ import annotations

from typing import Protocol

from mingdu.errors import TradeError

from .models import Message


class UnknownChannel(TradeError):
    """No channel of this name is set up."""

    next_step = "send over the app inbox"


class Channel(Protocol):
    """Hands one message over; returns what proves that the other side took it."""

    def hand_over(self, message: Message) -> str:
        """Return the proof: a receipt number of the other side."""


class AppInbox:
    """The customer's or colleague's own list in Mingdu: being stored is being delivered."""

    def hand_over(self, message: Message) -> str:
        """Return the stored message's own number."""
        return f"inbox:{message.pk}"


_channels: dict[str, Channel] = {"app": AppInbox()}


def channel_named(name: str) -> Channel:
    """Return the channel; raises UnknownChannel."""
    if name not in _channels:
        raise UnknownChannel(f"no channel {name}", channel=name)
    return _channels[name]
