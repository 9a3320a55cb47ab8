"""Reads meters/*.yaml: how a model of terminal (终端) says who it is, beyond the protocol that it carries."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from mingdu.rulebook.document import BadDocument, Node, read_yaml_file
from mingdu.rulebook.meters import find_meters_folder
from mingdu.wire.dtu import TerminalProfile

SCHEMA: Final = "mingdu/terminal/1"
ORDERS: Final = ("as_printed", "low_byte_first")


def terminal_profiles(folder: Path | None = None) -> tuple[TerminalProfile, ...]:
    """
    Read all terminal models, by the names of their files; files of meters are passed over.

    raises  BadDocument; BadProfile: packets that cannot be told apart; UnknownMeterModel: no such folder
    """
    documents = (read_yaml_file(path) for path in sorted(find_meters_folder(folder).glob("*.yaml")))
    return tuple(read_terminal_profile(node) for node in documents if node.at("schema").text() == SCHEMA)


def read_terminal_profile(node: Node) -> TerminalProfile:
    """Read one model from its document; raises BadDocument, BadProfile."""
    address = node.at("address")
    return TerminalProfile(
        node.at("model").text(),
        _bytes(node.at("registration").at("prefix")),
        _bytes(node.at("heartbeat").at("prefix")),
        address.at("bytes").whole(),
        address.at("order").choice(ORDERS) == "low_byte_first",
    )


def _bytes(node: Node) -> bytes:
    try:
        return bytes.fromhex(node.text())
    except ValueError as cause:
        raise BadDocument(
            f"{node.file}: {node.key}: pairs of hex digits are expected", file=node.file, key=node.key
        ) from cause
