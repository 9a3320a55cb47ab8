"""Process definitions and task limits are read, and broken ones refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from mingdu.rulebook.document import BadDocument
from mingdu.rulebook.folders import find_rules_folder
from mingdu.rulebook.processes import (
    BadProcess,
    UnknownProcess,
    UnknownTaskKind,
    process_on,
    process_version,
    process_versions,
    task_limit,
    task_limits,
)

Row = dict[str, Any]
WORDS = {"zh": "字", "en": "word"}


def step(name: str, following: str | None) -> Row:
    return {
        "id": name, "title": WORDS, "owner_role": "clerk", "limit_hours": 8, "instructions": WORDS,
        "next": following,
    }  # fmt: skip


def version(number: int, valid_from: str, steps: list[Row]) -> Row:
    return {"version": number, "valid_from": valid_from, "review_by": "2030-01-01", "steps": steps}


def folder_with(tmp_path: Path, *versions: Row, schema: str = "mingdu/process/1") -> Path:
    """A folder of rules whose process `cycle` has these versions."""
    (tmp_path / "processes").mkdir()
    document = {"schema": schema, "name": "cycle", "title": WORDS, "versions": list(versions)}
    (tmp_path / "processes" / "cycle.yaml").write_text(yaml.safe_dump(document, allow_unicode=True))
    return tmp_path


STRAIGHT = [step("first", "then"), step("then", None)]


def test_every_process_in_the_rules_can_be_read() -> None:
    names = [path.stem for path in (find_rules_folder() / "processes").glob("*.yaml")]
    assert "reading-cycle" in names
    for name in names:
        assert all(definition.name == name for definition in process_versions(name))


def test_the_reading_cycle_goes_from_prepare_to_check() -> None:
    cycle = process_on("reading-cycle", date(2026, 12, 31))
    assert [at.id for at in cycle.steps] == ["prepare", "read", "enter", "check"]
    assert [at.next for at in cycle.steps] == ["read", "enter", "check", None]
    assert cycle.title.zh == "抄表流程"
    assert cycle.step("read").limit_hours == 16


def test_the_version_of_the_day_holds_and_older_ones_stay(tmp_path: Path) -> None:
    folder = folder_with(
        tmp_path, version(1, "2026-01-01", STRAIGHT), version(2, "2026-07-01", [step("only", None)])
    )
    assert process_on("cycle", date(2026, 6, 30), folder).version == 1
    assert process_on("cycle", date(2026, 7, 1), folder).version == 2
    assert len(process_version("cycle", 1, folder).steps) == 2
    with pytest.raises(UnknownProcess):
        process_on("cycle", date(2025, 12, 31), folder)
    with pytest.raises(UnknownProcess):
        process_version("cycle", 3, folder)


def test_refuses_a_process_that_has_no_file(tmp_path: Path) -> None:
    with pytest.raises(UnknownProcess):
        process_versions("dance", folder_with(tmp_path))


@pytest.mark.parametrize(
    ("steps", "breaks_at"),
    [
        pytest.param([], None, id="no step"),
        pytest.param([step("first", "gone")], "gone", id="leads nowhere"),
        pytest.param([step("first", "then"), step("then", "first")], "first", id="goes in a ring"),
        pytest.param([step("first", None), step("alone", None)], None, id="a step that nobody reaches"),
        pytest.param([step("first", None), step("first", None)], None, id="one name twice"),
    ],
)
def test_refuses_steps_that_are_not_one_way(steps: list[Row], breaks_at: str | None, tmp_path: Path) -> None:
    with pytest.raises(BadProcess) as refusal:
        process_versions("cycle", folder_with(tmp_path, version(1, "2026-01-01", steps)))
    assert refusal.value.values["breaks_at"] == breaks_at


def test_a_step_may_ask_for_another_person_than_an_earlier_one(tmp_path: Path) -> None:
    steps = [step("first", "then"), step("then", None) | {"other_person_than": ["first"]}]
    (definition,) = process_versions("cycle", folder_with(tmp_path, version(1, "2026-01-01", steps)))
    assert [at.other_person_than for at in definition.steps] == [(), ("first",)]
    assert definition.before("then") == definition.step("first")
    assert definition.before("first") is None
    check = process_on("reading-cycle", date(2026, 12, 31)).step("check")
    assert check.other_person_than == ("read", "enter")


@pytest.mark.parametrize("named", ["then", "first", "gone"])
def test_refuses_another_person_than_that_of_a_step_not_done_before(named: str, tmp_path: Path) -> None:
    steps = [step("first", "then") | {"other_person_than": [named]}, step("then", None)]
    with pytest.raises(BadProcess) as refusal:
        process_versions("cycle", folder_with(tmp_path, version(1, "2026-01-01", steps)))
    assert refusal.value.values == {"process": "cycle", "step": "first", "named": [named]}


@pytest.mark.parametrize(
    ("number", "valid_from"), [(1, "2026-07-01"), (2, "2026-01-01"), (2, "2025-07-01"), (0, "2026-07-01")]
)
def test_refuses_versions_that_do_not_rise(number: int, valid_from: str, tmp_path: Path) -> None:
    folder = folder_with(tmp_path, version(1, "2026-01-01", STRAIGHT), version(number, valid_from, STRAIGHT))
    with pytest.raises(BadProcess):
        process_versions("cycle", folder)


@pytest.mark.parametrize("left_out", ["id", "title", "owner_role", "limit_hours", "instructions"])
def test_refuses_a_step_that_leaves_something_out(left_out: str, tmp_path: Path) -> None:
    steps = [{key: value for key, value in step("only", None).items() if key != left_out}]
    with pytest.raises(BadDocument, match=left_out):
        process_versions("cycle", folder_with(tmp_path, version(1, "2026-01-01", steps)))


def test_refuses_a_file_of_another_schema(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, version(1, "2026-01-01", STRAIGHT), schema="mingdu/tariff/1")
    with pytest.raises(BadDocument):
        process_versions("cycle", folder)


def test_every_kind_of_task_has_a_limit_and_somebody_to_tell() -> None:
    assert task_limit("reread").hours == 16
    assert task_limit("reread").escalate_to == ("clerk", "manager")
    assert all(limit.hours > 0 for limit in task_limits().values())
    # Late stops of a round are told by the reading step of their cycle, once for all.
    assert {kind for kind, limit in task_limits().items() if not limit.escalate_to} == {"round_reading"}


def test_refuses_a_kind_without_limit() -> None:
    with pytest.raises(UnknownTaskKind):
        task_limit("dance")


@pytest.mark.parametrize(
    "text",
    [
        "schema: mingdu/process/1\nkinds: {}",
        "schema: mingdu/task-limits/1",
        "schema: mingdu/task-limits/1\nkinds: {reread: {hours: soon, escalate_to: []}}",
    ],
)
def test_refuses_limits_of_another_form(text: str, tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "limits.yaml").write_text(text)
    with pytest.raises(BadDocument):
        task_limits(tmp_path)
