"""`mingdu decode`: say what the bytes of a meter mean."""

from __future__ import annotations

import json
import string
import sys
from typing import Annotated, Final

import typer

from mingdu.wire.describe import describe, not_bcd_error
from mingdu.wire.dlt645.bcd import TooLong
from mingdu.wire.dlt645.frame import MAX_INPUT_BYTES
from mingdu.wire.explain import explain as explain_frames

FROM_STDIN: Final = "-"
# Two digits a byte, and room for a separator behind each.
_MAX_CHARACTERS: Final = 3 * MAX_INPUT_BYTES


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("decode")(decode)


def decode(
    hex_text: Annotated[
        str, typer.Argument(metavar="HEX|-", help="Hex digits, spaces allowed; - reads stdin.")
    ],
    protocol: Annotated[
        str | None, typer.Option(help="dlt645-2007 or dlt645-1997; else told by the frame.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print the bytes with their meaning instead of JSON.")
    ] = False,
) -> None:
    """Decode frames of DL/T 645: one JSON object, or a list when there are several frames."""
    data = hex_bytes(sys.stdin.read(_MAX_CHARACTERS + 1) if hex_text == FROM_STDIN else hex_text)
    described = describe(data, protocol=protocol)
    if explain:
        typer.echo("\n".join(explain_frames(data, protocol=protocol)))
    else:
        typer.echo(
            json.dumps(described[0] if len(described) == 1 else described, ensure_ascii=False, indent=1)
        )
    error = not_bcd_error(described)
    if error is not None:
        raise error


def hex_bytes(text: str) -> bytes:
    """
    Read hex digits, white space between them allowed.

    raises   typer.BadParameter: another character, or half a byte; TooLong: more than is taken at once
    """
    if len(text) > _MAX_CHARACTERS:
        raise TooLong(f"more than {MAX_INPUT_BYTES} bytes at once", allowed=MAX_INPUT_BYTES)
    digits = "".join(text.split())
    if not digits or len(digits) % 2 or not set(digits) <= set(string.hexdigits):
        raise typer.BadParameter("expected pairs of hex digits, spaces allowed")
    return bytes.fromhex(digits)
