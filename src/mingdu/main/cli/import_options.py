"""What `mingdu import` is told of a file: how it is read; of another house's zone, points, mapping."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from mingdu.base.actors import Actor

if TYPE_CHECKING:
    from mingdu.metering.exchange import ExchangeFormat
    from mingdu.metering.operations import How

_FORMATS = (
    "long, curves, registers, registry, nem12, nem13, green-button, iec61968, mscons or table;"
    " told by the file itself when not given."
)


@dataclass(frozen=True)
class ImportOptions:
    """The options as typed; empty where not given."""

    format: Annotated[str, typer.Option(help=_FORMATS)] = ""
    interval: Annotated[
        str,
        typer.Option(help="Minutes of an interval of the curves; with decimals of kWh behind a slash: 30/3."),
    ] = "15"
    zone: Annotated[
        str, typer.Option(help="Zone of times that name none, such as Etc/GMT; else the utility's.")
    ] = ""
    points: Annotated[str, typer.Option(help="CSV file number,usage_point of foreign numbers.")] = ""
    map: Annotated[str, typer.Option(help="Name of a remembered mapping of a table's columns.")] = ""
    point: Annotated[str, typer.Option(help="Usage point of a table that names none.")] = ""


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with an option for each field of its last argument, which is ImportOptions."""

    def spread(**typed: Any) -> None:
        options = ImportOptions(**{each.name: typed.pop(each.name) for each in fields(ImportOptions)})
        command(**typed, options=options)

    hints, option_hints = get_type_hints(command, include_extras=True), _hints()
    own = [each for each in inspect.signature(command).parameters.values() if each.name != "options"]
    more = [
        inspect.Parameter(each.name, inspect.Parameter.KEYWORD_ONLY, default=each.default)
        for each in fields(ImportOptions)
    ]
    types = {each.name: hints[each.name] for each in own} | option_hints
    named = [each.replace(annotation=types[each.name]) for each in (*own, *more)]
    spread.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]
    spread.__annotations__, spread.__doc__ = types, command.__doc__
    return spread


def how_told(
    format_: ExchangeFormat, kept: tuple[int, int], options: ImportOptions, by: Actor, now: datetime
) -> How:
    """
    Turn the options into how the file is read.

    raises  UnknownZone, BadPointsFile, UnknownMapping
    """
    from mingdu.metering.imports.exchange.civil import zone_of
    from mingdu.metering.imports.exchange.names import read_points_file
    from mingdu.metering.operations import How, use_mapping

    return How(
        format=format_,
        zone=zone_of(options.zone) if options.zone else None,
        points=read_points_file(Path(options.points)) if options.points else {},
        mapping=use_mapping(options.map, by=by, at=now) if options.map else None,
        point=options.point,
        minutes=kept[0],
        decimals=kept[1],
    )


def _hints() -> dict[str, Any]:
    return get_type_hints(ImportOptions, include_extras=True)
