"""`mingdu people add` as a person types it on a system that has nobody yet."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
import typer
from typer.testing import CliRunner, Result

from mingdu.base.actors import SYSTEM
from mingdu.base.models import AuditEntry, Person
from mingdu.base.operations import create_unit, sign_in
from mingdu.base.people import UnknownUnit
from mingdu.base.permissions import NotPermitted
from mingdu.base.queries import actor_by_login
from mingdu.base.roles import Role
from mingdu.main.cli.app import run
from mingdu.main.cli.people import register
from mingdu.main.cli.staff import UnknownLogin

pytestmark = pytest.mark.database


def line() -> typer.Typer:
    app = typer.Typer()
    register(app)
    return app


def type_line(*words: str) -> Result:
    return CliRunner().invoke(line(), ["people", "add", *words])


def test_the_first_administrator_signs_in_with_the_printed_password(
    module_database: str, now: datetime
) -> None:
    answer = type_line("first", "--role", "administrator", "--name", "李明")
    assert answer.exit_code == 0, answer.exception
    told = json.loads(answer.output)
    assert (told["login"], told["role"], told["unit"]) == ("first", "administrator", None)
    person, _token = sign_in("first", told["password"], now=now)
    assert (person.pk, person.name) == (told["person"], "李明")
    written = AuditEntry.objects.filter(target=f"person:{person.pk}").order_by("pk")
    assert [entry.verb for entry in written][:2] == ["base.create_person", "base.grant_role"]
    assert told["password"] not in str([entry.details for entry in written])


def test_a_role_is_held_on_the_unit_named(module_database: str, now: datetime) -> None:
    unit = create_unit("0530", "东站", parent=None, by=SYSTEM, at=now)
    assert type_line("reader1", "--role", "reader", "--unit", "0530").exit_code == 0
    reader = actor_by_login("reader1")
    assert reader is not None and reader.name == "reader1"
    assert reader.holds({Role.READER}, unit.pk) and not reader.holds({Role.READER}, unit.pk + 1)


def test_the_same_login_again_says_what_there_is_and_changes_nothing(
    module_database: str, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    told = json.loads(type_line("second", "--role", "administrator", "--name", "王芳").output)
    words = ["people", "add", "second", "--role", "reader"]
    assert run(lambda: line()(words, standalone_mode=False)) == 1
    error = json.loads(capsys.readouterr().err)["error"]
    assert (error["name"], error["values"]["name"]) == ("LoginTaken", "王芳")
    assert error["values"]["roles"] == ["administrator (the whole company)"]
    assert sign_in("second", told["password"], now=now)[0].grants.count() == 1


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("third", "--role", "reader", "--unit", "nowhere"), UnknownUnit),
        (("third", "--role", "reader", "--by", "nobody"), UnknownLogin),
        (("third", "--role", "administrator", "--by", "plain"), NotPermitted),
    ],
)
def test_what_may_not_be_makes_nobody(
    module_database: str, words: tuple[str, ...], error: type[Exception]
) -> None:
    assert type_line("plain", "--role", "reader").exit_code in {0, 1}
    assert isinstance(type_line(*words).exception, error)
    assert not Person.objects.filter(login="third").exists()


def test_a_role_that_is_none_is_a_fault_of_usage(module_database: str) -> None:
    assert type_line("fourth", "--role", "king").exit_code == 2
