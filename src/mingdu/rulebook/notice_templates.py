"""Reads rules/notices/templates.yaml (通知模板): texts in both languages with their variables checked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter

from mingdu.errors import TradeError

from .document import Node, read_yaml_file
from .folders import find_rules_folder

SCHEMA = "mingdu/notice-templates/1"
LANGUAGES = ("zh", "en")


class UnknownTemplate(TradeError):
    """No notice template has this name."""

    next_step = "see rules/notices/templates.yaml for the names"


class BadTemplate(TradeError):
    """A text cannot be filled in, or does not use exactly the variables that the template declares."""

    next_step = "make both languages use exactly the variables listed"


class UnknownLanguage(TradeError):
    """A notice was to be sent in a language in which no template is written."""

    next_step = "give the recipient one of the languages zh and en"


class WrongVariables(TradeError):
    """A notice was to be sent with other variables than its template needs."""

    next_step = "give exactly the variables that the template lists"


@dataclass(frozen=True)
class NoticeTemplate:
    """One notice: which variables it needs, its title and body by language."""

    name: str
    variables: frozenset[str]
    title: dict[str, str]
    body: dict[str, str]

    def render(self, language: str, variables: dict[str, str]) -> tuple[str, str]:
        """Return (title, body); raises UnknownLanguage, WrongVariables."""
        if language not in self.title:
            raise UnknownLanguage(f"{self.name} is not written in {language}", language=language)
        if variables.keys() != self.variables:
            raise WrongVariables(
                f"{self.name} needs {sorted(self.variables)}, got {sorted(variables)}",
                template=self.name, needs=sorted(self.variables), got=sorted(variables),
            )  # fmt: skip
        return self.title[language].format(**variables), self.body[language].format(**variables)


@cache
def notice_templates(folder: Path | None = None) -> dict[str, NoticeTemplate]:
    """Return all templates by name; raises BadTemplate, BadDocument."""
    document = read_yaml_file(find_rules_folder(folder) / "notices" / "templates.yaml")
    document.at("schema").choice([SCHEMA])
    return {name: _template(name, node) for name, node in document.at("templates").entries().items()}


def notice_template(name: str, folder: Path | None = None) -> NoticeTemplate:
    """Return one template; raises UnknownTemplate."""
    templates = notice_templates(folder)
    if name not in templates:
        raise UnknownTemplate(f"no template {name}", template=name)
    return templates[name]


def _template(name: str, node: Node) -> NoticeTemplate:
    title = {language: node.at("title").at(language).text() for language in LANGUAGES}
    body = {language: node.at("body").at(language).text() for language in LANGUAGES}
    declared = frozenset(variable.text() for variable in node.at("variables").items())
    for language in LANGUAGES:
        used = _used(title[language], name) | _used(body[language], name)
        if used != declared:
            raise BadTemplate(
                f"{name} {language} uses {sorted(used)}, declared are {sorted(declared)}",
                template=name, language=language, wrong=sorted(used ^ declared),
            )  # fmt: skip
    return NoticeTemplate(name, declared, title, body)


def _used(text: str, name: str) -> frozenset[str]:
    try:
        # An empty name stands for a bare {}, which no template may have: nothing says what belongs there.
        return frozenset(field for _, field, _, _ in Formatter().parse(text) if field is not None)
    except ValueError as cause:
        raise BadTemplate(f"{name}: {cause} in {text!r}", template=name) from None
