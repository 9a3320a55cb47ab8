"""Notice templates are written in both languages with exactly their variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mingdu.rulebook.document import BadDocument
from mingdu.rulebook.notice_templates import (
    LANGUAGES,
    BadTemplate,
    UnknownLanguage,
    UnknownTemplate,
    WrongVariables,
    notice_template,
    notice_templates,
)

Row = dict[str, Any]


def folder_with(tmp_path: Path, template: Row, schema: str = "mingdu/notice-templates/1") -> Path:
    """A folder of rules with this one template, named `lamp`."""
    (tmp_path / "notices").mkdir()
    document = {"schema": schema, "templates": {"lamp": template}}
    (tmp_path / "notices" / "templates.yaml").write_text(yaml.safe_dump(document, allow_unicode=True))
    return tmp_path


def lamp(**change: Any) -> Row:
    """A template that is right but for the change."""
    right = {
        "variables": ["street", "hours"],
        "title": {"zh": "{street}路灯", "en": "Lamp of {street}"},
        "body": {"zh": "{hours}小时", "en": "For {hours} hours in {street}"},
    }
    return {**right, **change}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_of_the_rules_can_be_rendered(language: str) -> None:
    for template in notice_templates().values():
        title, body = template.render(language, {name: f"<{name}>" for name in template.variables})
        assert "{" not in title + body
        assert all(f"<{name}>" in title + body for name in template.variables)


def test_renders_title_and_body_in_the_language_asked_for(tmp_path: Path) -> None:
    template = notice_template("lamp", folder_with(tmp_path, lamp()))
    variables = {"street": "青柳路", "hours": "3"}
    assert template.render("zh", variables) == ("青柳路路灯", "3小时")
    assert template.render("en", variables) == ("Lamp of 青柳路", "For 3 hours in 青柳路")


def test_refuses_a_language_that_is_not_written(tmp_path: Path) -> None:
    template = notice_template("lamp", folder_with(tmp_path, lamp()))
    with pytest.raises(UnknownLanguage):
        template.render("fr", {"street": "x", "hours": "3"})


@pytest.mark.parametrize("given", [(), ("street",), ("street", "hours", "more")])
def test_refuses_other_variables_than_the_template_needs(given: tuple[str, ...], tmp_path: Path) -> None:
    template = notice_template("lamp", folder_with(tmp_path, lamp()))
    with pytest.raises(WrongVariables) as refusal:
        template.render("zh", dict.fromkeys(given, "x"))
    assert refusal.value.values["needs"] == ["hours", "street"]


def test_refuses_a_template_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnknownTemplate):
        notice_template("dance", folder_with(tmp_path, lamp()))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"variables": ["street"]}, id="uses more than it declares"),
        pytest.param({"variables": ["street", "hours", "lamps"]}, id="declares more than it uses"),
        pytest.param({"body": {"zh": "{hours}", "en": "For hours"}}, id="a language leaves one out"),
        pytest.param({"body": {"zh": "{hours}", "en": "{hours} {}"}}, id="a bare field"),
        pytest.param({"body": {"zh": "{hours}", "en": "{hours.real}"}}, id="reaches inside a variable"),
        pytest.param({"body": {"zh": "{hours}", "en": "{hours} {"}}, id="an open brace"),
    ],
)
def test_refuses_texts_that_do_not_use_exactly_their_variables(change: Row, tmp_path: Path) -> None:
    with pytest.raises(BadTemplate):
        notice_templates(folder_with(tmp_path, lamp(**change)))


@pytest.mark.parametrize("change", [{"title": {"zh": "{street}"}}, {"variables": "street"}, {"body": None}])
def test_refuses_a_template_that_leaves_something_out(change: Row, tmp_path: Path) -> None:
    with pytest.raises(BadDocument):
        notice_templates(folder_with(tmp_path, lamp(**change)))


def test_refuses_a_file_of_another_schema(tmp_path: Path) -> None:
    with pytest.raises(BadDocument):
        notice_templates(folder_with(tmp_path, lamp(), schema="mingdu/process/1"))
