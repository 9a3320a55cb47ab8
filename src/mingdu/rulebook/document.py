"""YAML as a tree whose every node knows its file and key, so that an error can name the place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from re import fullmatch
from typing import Any

import yaml

from mingdu.errors import TradeError

DECIMAL = r"[+-]?[0-9]+(\.[0-9]+)?"
LONGEST_WHOLE_PART = 15


class BadDocument(TradeError):
    """A rule file or bill case has not the form that it should have."""

    next_step = "correct the key named in values; the form is in the manual under rule files"


class BadUnit(TradeError):
    """A value is not a plain decimal number of the unit expected at its place."""

    next_step = "write the value as a decimal in quotes, in the unit named"


class _TextFloatLoader(yaml.SafeLoader):
    """Keeps decimals as they are written: no price or reading may pass through a float."""


def _as_written(_loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    return str(node.value)


_TextFloatLoader.add_constructor("tag:yaml.org,2002:float", _as_written)


@dataclass(frozen=True)
class Node:
    """One value of a document with its place; every reading method raises BadDocument naming the place."""

    value: Any
    file: str
    key: str = ""

    def at(self, name: str) -> Node:
        """The child that must be there and not be null."""
        child = self.find(name)
        if child is None:
            raise self.bad(f"{name} is missing", name)
        return child

    def find(self, name: str) -> Node | None:
        """The child, or None when it is absent or null."""
        child = self._mapping().get(name)
        return None if child is None else Node(child, self.file, self._path(name))

    def only(self, names: Iterable[str]) -> None:
        """Refuse keys that nobody reads: a misspelt key must not be passed over in silence."""
        unknown = sorted(str(key) for key in self._mapping().keys() - set(names))
        if unknown:
            raise self.bad(f"unknown key {unknown[0]}", unknown[0])

    def items(self) -> list[Node]:
        """The nodes of a list."""
        if not isinstance(self.value, list):
            raise self.bad("a list is expected")
        return [Node(value, self.file, f"{self.key}[{place}]") for place, value in enumerate(self.value)]

    def entries(self) -> dict[str, Node]:
        """The nodes of a mapping by key, without those that are null."""
        names = (str(name) for name in self._mapping())
        return {name: child for name in names if (child := self.find(name)) is not None}

    def text(self) -> str:
        """A text; numbers are refused, because YAML reads 0530100201 as an octal number."""
        if not isinstance(self.value, str):
            raise self.bad("a text in quotes is expected")
        return self.value

    def boolean(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            raise self.bad("true or false is expected")
        return self.value

    def whole(self) -> int:
        """A whole number."""
        if isinstance(self.value, bool) or not fullmatch(r"[+-]?[0-9]{1,18}", str(self.value)):
            raise self.bad("a whole number is expected")
        return int(self.value)

    def day(self) -> date:
        """A civil day, as a date or as ISO text."""
        if type(self.value) is date:
            return self.value
        try:
            return date.fromisoformat(str(self.value))
        except ValueError:
            raise self.bad("a day like 2026-12-01 is expected") from None

    def choice(self, names: Iterable[str]) -> str:
        """One of the names."""
        allowed = list(names)
        if self.value not in allowed:
            raise self.bad(f"one of {', '.join(allowed)} is expected")
        return str(self.value)

    def decimal(self, unit: str) -> Decimal:
        """A decimal number of `unit`; raises BadUnit for anything else, an exponent or a unit included."""
        text = str(self.value)
        if isinstance(self.value, bool) or not fullmatch(DECIMAL, text):
            raise self._bad_unit(unit, "is not a decimal number")
        number = Decimal(text)
        if number.adjusted() >= LONGEST_WHOLE_PART:
            raise self._bad_unit(unit, f"has more than {LONGEST_WHOLE_PART} digits before the point")
        return number

    def scaled(self, unit: str, decimals: int) -> int:
        """The number times ten to the decimals; raises BadUnit when it is finer than that."""
        shifted = self.decimal(unit).scaleb(decimals)
        if shifted != shifted.to_integral_value():
            raise self._bad_unit(unit, f"has more than {decimals} decimals")
        return int(shifted)

    def bad(self, why: str, name: str = "") -> BadDocument:
        """The error that names this place, or a child of it."""
        key = self._path(name) if name else self.key
        return BadDocument(f"{self.file}: {key}: {why}", file=self.file, key=key, value=repr(self.value)[:80])

    def _bad_unit(self, unit: str, why: str) -> BadUnit:
        return BadUnit(
            f"{self.file}: {self.key} = {self.value!r} {why} of {unit}",
            file=self.file,
            key=self.key,
            value=repr(self.value)[:80],
            unit=unit,
        )

    def _mapping(self) -> Mapping[Any, Any]:
        if not isinstance(self.value, Mapping):
            raise self.bad("a mapping of keys is expected")
        return self.value

    def _path(self, name: str) -> str:
        return f"{self.key}.{name}" if self.key else name


def read_yaml(data: bytes, file: str) -> Node:
    """
    Read YAML in UTF-8, keeping decimals as text; `file` is named in errors.

    raises  BadDocument: not UTF-8, not YAML
    """
    try:
        return Node(yaml.load(data.decode(), Loader=_TextFloatLoader), file)
    except UnicodeDecodeError as error:
        raise BadDocument(f"{file} is not UTF-8: {error.reason}", file=file, key="") from None
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise BadDocument(f"{file} is not YAML: {reason}", file=file, key="") from None


def read_yaml_file(path: Path) -> Node:
    """Read a YAML file; raises BadDocument when it is not UTF-8 or not YAML."""
    return read_yaml(path.read_bytes(), path.name)


def to_plain(node: Node) -> Any:
    """
    Turn a tree into JSON values: days as ISO text, decimals as text, everything else as it is.

    raises  BadDocument: a value that JSON cannot carry
    """
    value = node.value
    if isinstance(value, Mapping):
        return {
            str(name): to_plain(Node(child, node.file, node._path(str(name))))
            for name, child in value.items()
        }
    if isinstance(value, list):
        return [to_plain(child) for child in node.items()]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float | Decimal):
        return str(value)
    if type(value) is date:
        return value.isoformat()
    raise node.bad("a text, number, day, list or mapping is expected")


@contextmanager
def placed(node: Node) -> Iterator[None]:
    """Give every error of the trade raised inside the file and key of this node, if it has none yet."""
    try:
        yield
    except TradeError as error:
        error.values.setdefault("file", node.file)
        error.values.setdefault("key", node.key)
        raise
