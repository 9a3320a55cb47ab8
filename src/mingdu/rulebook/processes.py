"""Reads rules/processes/ (流程定义) and rules/tasks/ (任务时限)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

from mingdu.errors import TradeError

from .document import Node, read_yaml_file
from .folders import find_rules_folder

PROCESS_SCHEMA = "mingdu/process/1"
LIMITS_SCHEMA = "mingdu/task-limits/1"


class UnknownProcess(TradeError):
    """No process of this name has a version for this day."""

    next_step = "see rules/processes for the names and their versions"


class BadProcess(TradeError):
    """The steps of a definition do not form one way from the first to an end, or its versions do not rise."""

    next_step = (
        "let every step name the next one and the last one null, and `other_person_than` only earlier ones;"
        " number the versions by their days"
    )


class UnknownTaskKind(TradeError):
    """No limit is stated for this kind of task."""

    next_step = "add the kind to rules/tasks/limits.yaml"


@dataclass(frozen=True)
class Words:
    """One text in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class Step:
    """
    One step: who does it, within how many working hours, how.

    other_person_than  earlier steps; whoever did one of them may not do this one
    """

    id: str
    title: Words
    owner_role: str
    limit_hours: int
    instructions: Words
    next: str | None
    other_person_than: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProcessDefinition:
    """One version of a process; the first step is where a run starts."""

    name: str
    version: int
    title: Words
    valid_from: date
    review_by: date
    steps: tuple[Step, ...]

    def step(self, step_id: str) -> Step:
        """Return the step of this id; a run only names steps of its own version."""
        return next(step for step in self.steps if step.id == step_id)

    def before(self, step_id: str) -> Step | None:
        """Return the step that leads to this one, or None before the first."""
        return next((step for step in self.steps if step.next == step_id), None)


@dataclass(frozen=True)
class TaskLimit:
    """Working hours of a kind of task and the roles told, level by level, when it is late."""

    hours: int
    escalate_to: tuple[str, ...]


@cache
def process_versions(name: str, folder: Path | None = None) -> tuple[ProcessDefinition, ...]:
    """
    Return all versions of a process, oldest first.

    raises  UnknownProcess, BadProcess, BadDocument
    """
    path = find_rules_folder(folder) / "processes" / f"{name}.yaml"
    if not path.is_file():
        raise UnknownProcess(f"no process {name}", process=name)
    document = read_yaml_file(path)
    document.at("schema").choice([PROCESS_SCHEMA])
    versions = [_version(document, node) for node in document.at("versions").items()]
    for earlier, later in pairwise(versions):
        if later.version <= earlier.version or later.valid_from <= earlier.valid_from:
            raise BadProcess(
                f"{name}: version {later.version} does not follow version {earlier.version}", process=name
            )
    return tuple(versions)


def process_on(name: str, day: date, folder: Path | None = None) -> ProcessDefinition:
    """Return the version that holds on this day; raises UnknownProcess when none does."""
    holding = [version for version in process_versions(name, folder) if version.valid_from <= day]
    if not holding:
        raise UnknownProcess(f"process {name} has no version on {day}", process=name, day=day.isoformat())
    return holding[-1]


def process_version(name: str, version: int, folder: Path | None = None) -> ProcessDefinition:
    """Return the version under which a run was started."""
    for definition in process_versions(name, folder):
        if definition.version == version:
            return definition
    raise UnknownProcess(f"process {name} has no version {version}", process=name, version=version)


@cache
def task_limits(folder: Path | None = None) -> dict[str, TaskLimit]:
    """Return the limit of every kind of task."""
    document = read_yaml_file(find_rules_folder(folder) / "tasks" / "limits.yaml")
    document.at("schema").choice([LIMITS_SCHEMA])
    return {
        kind: TaskLimit(
            node.at("hours").whole(), tuple(role.text() for role in node.at("escalate_to").items())
        )
        for kind, node in document.at("kinds").entries().items()
    }


def task_limit(kind: str, folder: Path | None = None) -> TaskLimit:
    """Return the limit of one kind of task; raises UnknownTaskKind."""
    limits = task_limits(folder)
    if kind not in limits:
        raise UnknownTaskKind(f"no limit for tasks of kind {kind}", kind=kind)
    return limits[kind]


def _version(document: Node, node: Node) -> ProcessDefinition:
    definition = ProcessDefinition(
        name=document.at("name").text(),
        version=node.at("version").whole(),
        title=_words(document.at("title")),
        valid_from=node.at("valid_from").day(),
        review_by=node.at("review_by").day(),
        steps=tuple(_step(step) for step in node.at("steps").items()),
    )
    _refuse_broken_way(definition)
    return definition


def _step(node: Node) -> Step:
    following, others = node.find("next"), node.find("other_person_than")
    return Step(
        id=node.at("id").text(),
        title=_words(node.at("title")),
        owner_role=node.at("owner_role").text(),
        limit_hours=node.at("limit_hours").whole(),
        instructions=_words(node.at("instructions")),
        next=following.text() if following else None,
        other_person_than=tuple(other.text() for other in others.items()) if others else (),
    )


def _words(node: Node) -> Words:
    return Words(node.at("zh").text(), node.at("en").text())


def _refuse_broken_way(definition: ProcessDefinition) -> None:
    by_id = {step.id: step for step in definition.steps}
    seen: list[str] = []
    here: str | None = definition.steps[0].id if definition.steps else None
    while here is not None and here in by_id and here not in seen:
        seen.append(here)
        here = by_id[here].next
    if here is not None or len(seen) != len(definition.steps) or not seen:
        raise BadProcess(
            f"{definition.name} version {definition.version}: the way {' → '.join(seen)} breaks at {here}",
            process=definition.name, way=seen, breaks_at=here,
        )  # fmt: skip
    _refuse_later_named(definition, seen)


def _refuse_later_named(definition: ProcessDefinition, way: list[str]) -> None:
    for place, step_id in enumerate(way):
        later = set(definition.step(step_id).other_person_than) - set(way[:place])
        if later:
            raise BadProcess(
                f"{definition.name} version {definition.version}: {step_id} names {', '.join(sorted(later))},"
                " which nobody has done before it",
                process=definition.name, step=step_id, named=sorted(later),
            )  # fmt: skip
