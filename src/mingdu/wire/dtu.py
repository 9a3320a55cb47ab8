"""
Transparent terminals (透传 DTU): a TCP client that says who it is, then passes raw DL/T 645 through.

What it says is different from site to site, so the bytes are data (`meters/*.yaml`), read elsewhere into a
`TerminalProfile`. Registration and heartbeat share the stream with meter frames; `split_terminal_stream`
takes all three apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mingdu.errors import TradeError

from .dlt645.stream import NEED_MORE, NeedMore, Rejected, Split, Taken, split_with, take_frame


class BadProfile(TradeError):
    """A terminal profile cannot tell its own packets apart."""

    next_step = "correct the terminal's file under meters/"


@dataclass(frozen=True, slots=True)
class Registration:
    """The terminal dialled in. address: BCD digits, high first."""

    address: str
    length: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The terminal is alive. address: BCD digits, high first."""

    address: str
    length: int


@dataclass(frozen=True, slots=True)
class TerminalProfile:
    """
    How a terminal registers and beats: a fixed prefix, then its address in BCD.

    address_bytes       width of the address, 1 to 16
    is_low_byte_first   order of the address on the wire; the demo terminal sends it as printed
    raises              BadProfile: an empty prefix, one that begins the other, one that could begin a frame
    """

    name: str
    registration_prefix: bytes
    heartbeat_prefix: bytes
    address_bytes: int = 6
    is_low_byte_first: bool = False

    MAX_ADDRESS_BYTES: ClassVar[int] = 16

    def __post_init__(self) -> None:
        one, other = self.registration_prefix, self.heartbeat_prefix
        if not one or not other or one.startswith(other) or other.startswith(one):
            raise BadProfile(f"{self.name}: prefixes {one.hex()} and {other.hex()} cannot be told apart")
        for prefix in (one, other):
            if prefix.lstrip(b"\xfe")[:1] in (b"", b"\x68"):
                raise BadProfile(f"{self.name}: prefix {prefix.hex()} could begin a meter's frame")
        if not 1 <= self.address_bytes <= self.MAX_ADDRESS_BYTES:
            raise BadProfile(f"{self.name}: an address of {self.address_bytes} bytes")


def match(buffer: bytes, profile: TerminalProfile, at: int = 0) -> Registration | Heartbeat | NeedMore | None:
    """
    Look for a registration or heartbeat at one place of the buffer.

    returns   the packet; NEED_MORE if the bytes could still become one; None if not
    """
    for prefix, make in ((profile.registration_prefix, Registration), (profile.heartbeat_prefix, Heartbeat)):
        window = buffer[at : at + len(prefix) + profile.address_bytes]
        if not (window.startswith(prefix) or prefix.startswith(window)):
            continue
        raw = window[len(prefix) :]
        if raw and not raw.hex().isdecimal():
            return None
        if len(raw) < profile.address_bytes:
            return NEED_MORE
        return make((raw[::-1] if profile.is_low_byte_first else raw).hex(), len(window))
    return None


def write_registration(address: str, profile: TerminalProfile) -> bytes:
    """Return the packet of a terminal that dials in (for the simulated town)."""
    return profile.registration_prefix + _address(address, profile)


def write_heartbeat(address: str, profile: TerminalProfile) -> bytes:
    """Return the packet of a terminal that is alive (for the simulated town)."""
    return profile.heartbeat_prefix + _address(address, profile)


def split_terminal_stream(buffer: bytes, profile: TerminalProfile, *, final: bool = False) -> Split:
    """
    Split what a terminal sends into Registration, Heartbeat, Frame and Garbage, in order of arrival.

    A heartbeat may begin with FE like a preamble, and its address may hold a 68: the profile is asked
    first at every place where a piece can begin.
    """

    def take_packet(stream: bytes, at: int) -> Taken:
        packet = match(stream, profile, at)
        if packet is None:
            return Rejected("BadStart")
        return packet if isinstance(packet, NeedMore) else (packet, at + packet.length)

    return split_with((take_packet, take_frame), buffer, final=final)


def _address(address: str, profile: TerminalProfile) -> bytes:
    digits = address.zfill(2 * profile.address_bytes)
    if len(digits) != 2 * profile.address_bytes or not (digits.isascii() and digits.isdecimal()):
        raise BadProfile(
            f"{profile.name}: terminal address {address!r} is not {2 * profile.address_bytes} digits"
        )
    raw = bytes.fromhex(digits)
    return raw[::-1] if profile.is_low_byte_first else raw
