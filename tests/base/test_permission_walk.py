"""Every operation asks the permission door before it does anything, with a verb of the table."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import mingdu
from mingdu.base.permission_table import VERBS

SOURCE = Path(mingdu.__file__).parent
SUBJECTS = (
    "base", "work", "metering", "customers", "notices", "rounds", "money", "billing", "service",
    "satisfaction",
)  # fmt: skip
# Nothing that changes a row may be called before the door was asked.
CHANGES = frozenset(
    {
        "create", "get_or_create", "update_or_create", "bulk_create", "save", "update", "delete", "publish",
        "publish_all", "send", "post", "copy", "execute", "open_task", "complete_task", "start_run",
    }
)  # fmt: skip
# Parts of other operations, which have asked: they take `by` only to write it down.
ASKED_BEFORE = frozenset({"base/ledger.py:start_run"})

Operation = tuple[str, ast.FunctionDef]


def operations() -> list[Operation]:
    return [found for path in _modules() for found in _operations_of(path)]


def _modules() -> Iterator[Path]:
    for subject in SUBJECTS:
        paths = sorted((SOURCE / subject).rglob("*.py"))
        yield from (path for path in paths if "migrations" not in path.parts)


def _operations_of(path: Path) -> Iterator[Operation]:
    """Functions that act: keyword-only `by` and `at`; in operations also those that only take the time."""
    name = path.relative_to(SOURCE).as_posix()
    in_operations = "/operations" in name
    for node in ast.parse(path.read_text()).body:
        if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
            continue
        keywords = {argument.arg for argument in node.args.kwonlyargs}
        acts = {"by", "at"} <= keywords or (in_operations and bool(keywords & {"at", "now"}))
        if acts and f"{name}:{node.name}" not in ASKED_BEFORE:
            yield name, node


def _door(function: ast.FunctionDef) -> tuple[int, ast.Call] | None:
    """The place of the statement that asks the door, at the top level of the function."""
    for place, statement in enumerate(function.body):
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "require":
            return place, call
    return None


def _changes_in(statement: ast.stmt) -> list[str]:
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
    names = [getattr(call.func, "attr", getattr(call.func, "id", "")) for call in calls]
    return [name for name in names if name in CHANGES]


def _verbs(module_path: str, call: ast.Call) -> list[str]:
    """The verbs that a call may ask for: written out, or a constant of its module."""
    wanted = call.args[1]
    if isinstance(wanted, ast.Constant):
        return [str(wanted.value)]
    module = import_module("mingdu." + module_path.removesuffix(".py").replace("/", "."))
    constant = getattr(module, ast.unparse(wanted).partition("[")[0])
    return [constant] if isinstance(constant, str) else list(constant.values())


def _unasked(function: ast.FunctionDef, module_path: str) -> str:
    """What is wrong with an operation, or an empty text."""
    door = _door(function)
    if door is None:
        return "never asks the door"
    place, call = door
    for statement in function.body[:place]:
        if early := _changes_in(statement):
            return f"calls {early[0]} before it asks the door"
    unlisted = [verb for verb in _verbs(module_path, call) if verb not in VERBS]
    return f"asks for {unlisted[0]}, which the table does not list" if unlisted else ""


OPERATIONS = operations()


@pytest.mark.parametrize(
    ("module_path", "function"), OPERATIONS, ids=[f"{name}:{node.name}" for name, node in OPERATIONS]
)
def test_asks_the_door_first(module_path: str, function: ast.FunctionDef) -> None:
    assert _unasked(function, module_path) == ""


def test_finds_the_operations_of_every_subject() -> None:
    assert {name.partition("/")[0] for name, _ in OPERATIONS} == set(SUBJECTS)
    assert len(OPERATIONS) > 30


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("Row.objects.create()", "never asks the door"),
        ("Row.objects.create(); require(by, 'work.escalate')", "calls create before it asks the door"),
        ("require(by, 'work.dance')", "asks for work.dance, which the table does not list"),
        ("row = find(); require(by, 'work.escalate'); row.save()", ""),
    ],
)
def test_the_walk_sees_planted_faults(body: str, fault: str) -> None:
    function = ast.parse(f"def act(*, by, at):\n    {body}").body[0]
    assert isinstance(function, ast.FunctionDef)
    assert _unasked(function, "work/operations.py") == fault


def test_every_verb_is_asked_for_somewhere() -> None:
    text = "".join(path.read_text() for path in _modules() if path.name != "permission_table.py")
    assert [verb for verb in VERBS if f'"{verb}"' not in text] == []
