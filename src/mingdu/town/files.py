"""The town written to a folder: the register, the history imported from files, and the truth apart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from mingdu.core.registers import Register
from mingdu.core.types import Flags, Ints
from mingdu.town.identity import area_usage_point, usage_point_code
from mingdu.town.model import NO_REGISTER, Town
from mingdu.town.registry import registry_of
from mingdu.town.roster import AREAS, QUESTIONED
from mingdu.town.span import INTERVALS, Span
from mingdu.town.truth import SILENT_DAYS, mistyped, monthly_energy, truth_of
from mingdu.wire.dlt645.bcd import decimal_text

# The last days do not come as files: they are read over the socket.
SOCKET_DAYS = 3
ZONE_SUFFIX = "+08:00"
CURVE_HEADER = ",".join(
    ["usage_point", "channel", "day", "unit", *(f"p{n}" for n in range(1, INTERVALS + 1))]
)
REGISTER_DECIMALS = {
    Register.TOTAL: 2,
    Register.PEAK: 2,
    Register.FLAT: 2,
    Register.VALLEY: 2,
    Register.REACTIVE_FORWARD: 2,
    Register.REACTIVE_REVERSE: 2,
    Register.DEMAND: 4,
}
REGISTER_HEADER = ",".join(
    ["usage_point", "time", "unit", *(register.name for register in REGISTER_DECIMALS)]
)
TYPED_HEADER = "usage_point,register,time,value,unit,quality"


class Cells(dict[int, str]):
    """Interval digits (0.01 kWh) as cells of a file; few differ among millions, so each is written once."""

    def __missing__(self, digits: int) -> str:
        self[digits] = text = decimal_text(digits, 2)
        return text


def write_town(town: Town, folder: Path) -> list[Path]:
    """
    Write registry.json, curves-YYYY-MM.csv, registers-YYYY-MM.csv, typed-YYYY-MM.csv and truth/.

    Values are what the meters show, before the multiplier: kWh with two decimals, reactive registers in
    kvarh, DEMAND in kW with four. An empty cell is a value that was not read. Curves end three days before
    the last day; freezes run to the midnight that ends the last of them. The same town gives the same bytes.
    """
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    written = [_write_json(folder / "registry.json", registry_of(town))]
    for name, first, after in town.span.months():
        last = min(after, town.span.days - SOCKET_DAYS)
        if first < last:
            written.append(
                _write(folder / f"curves-{name}.csv", CURVE_HEADER, _curve_lines(town, first, last))
            )
            midnights = range(first, last + (last < after))
            lines = _register_lines(town, midnights)
            written.append(_write(folder / f"registers-{name}.csv", REGISTER_HEADER, lines))
    if town.points >= QUESTIONED:
        path = folder / f"typed-{town.span.last_day:%Y-%m}.csv"
        written.append(_write(path, TYPED_HEADER, _typed_lines(town)))
    written.append(_write_json(folder / "truth" / "truth.json", truth_of(town)))
    written.append(
        _write(folder / "truth" / "monthly-energy.csv", "usage_point,month,true_wh", _truth_lines(town))
    )
    return written


def _write(path: Path, header: str, lines: Iterator[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(header + "\n")
        file.writelines(line + "\n" for line in lines)
    return path


def _write_json(path: Path, content: dict[str, Any]) -> Path:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
    return path


def _is_heard(town: Town, number: int, offset: int) -> bool:
    """Say whether a point's terminal still speaks at the midnight on which a value is complete."""
    return number != QUESTIONED or offset <= max(0, town.span.days - SILENT_DAYS)


def _curve_lines(town: Town, first: int, after: int) -> Iterator[str]:
    cells, day, count = Cells(), town.span.day(first), after - first
    names = _days(town.span, range(first, after))
    for numbers in town.buckets():
        curves = town.curves(numbers, day, count)
        for row, number in enumerate(numbers):
            heard = sum(_is_heard(town, number, first + nth + 1) for nth in range(count))
            code, digits, missing = usage_point_code(number), curves.digits[row], curves.missing[row]
            yield from (_curve_line(code, names[n], digits[n], missing[n], cells) for n in range(heard))
    measured = np.zeros(INTERVALS, dtype=np.bool_)
    for row, digits in enumerate(town.area_curves(day, count)):
        code = area_usage_point(row + 1)
        yield from (_curve_line(code, names[n], digits[n], measured, cells) for n in range(count))


def _curve_line(code: str, day: str, digits: Ints, missing: Flags, cells: Cells) -> str:
    values = [cells[each] for each in digits.tolist()]
    for gap in np.flatnonzero(missing).tolist():
        values[gap] = ""
    return f"{code},IMPORT,{day},kWh,{','.join(values)}"


def _register_lines(town: Town, midnights: range) -> Iterator[str]:
    days = [town.span.day(offset) for offset in midnights]
    for numbers in town.buckets():
        found = town.registers(numbers, days)
        for row, number in enumerate(numbers):
            heard = sum(_is_heard(town, number, offset) for offset in midnights)
            yield from _freezes(usage_point_code(number), days[:heard], found, row)
    areas = town.area_registers(days)
    for area in range(AREAS):
        yield from _freezes(area_usage_point(area + 1), days, areas, area)


def _freezes(code: str, days: list[date], found: dict[Register, Ints], row: int) -> Iterator[str]:
    columns = [_column(found.get(register), row, len(days), register) for register in REGISTER_DECIMALS]
    for day, *cells in zip(days, *columns, strict=True):
        yield f"{code},{day}T00:00:00{ZONE_SUFFIX},kWh,{','.join(cells)}"


def _column(found: Ints | None, row: int, count: int, register: Register) -> list[str]:
    if found is None:
        return [""] * count
    decimals = REGISTER_DECIMALS[register]
    return [
        "" if each == NO_REGISTER else decimal_text(each, decimals) for each in found[row, :count].tolist()
    ]


def _typed_lines(town: Town) -> Iterator[str]:
    typed = mistyped(town)
    value = decimal_text(typed["typed_digits"], 2)
    yield f"{typed['usage_point']},{typed['register']},{typed['time']},{value},kWh,measured"


def _truth_lines(town: Town) -> Iterator[str]:
    months = [name for name, _, _ in town.span.months()]
    for code, energies in monthly_energy(town):
        yield from (f"{code},{month},{energy}" for month, energy in zip(months, energies, strict=True))


def _days(span: Span, offsets: range) -> list[str]:
    return [f"{span.first_day + timedelta(days=offset)}" for offset in offsets]
