"""`mingdu people add`: the first member of staff of a system that has nobody yet to make the others."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from mingdu.base.roles import Role
from mingdu.main import database
from mingdu.main.clock import clock_of
from mingdu.main.environment import current_environment
from mingdu.main.startup import start_django

from .staff import staff_or_system

Login = Annotated[str, typer.Argument(help="Login of the new member of staff.")]
Name = Annotated[str, typer.Option(help="Name as colleagues read it; without one the login.")]
RoleName = Annotated[Role, typer.Option("--role", help="Role that he holds, such as administrator.")]
Unit = Annotated[str, typer.Option(help="Code of the unit where he works and holds it; empty: everywhere.")]
By = Annotated[str, typer.Option(help="Login of who does it; empty: the system.")]


def register(app: typer.Typer) -> None:
    """Add the group `people`."""
    people = typer.Typer(help="Members of staff.", no_args_is_help=True)
    # With its name a group keeps its only command: `mingdu people add`.
    people.callback()(_people)
    people.command()(add)
    app.add_typer(people, name="people")


def _people() -> None:
    """Members of staff."""


def add(login: Login, role: RoleName, name: Name = "", unit: Unit = "", by: By = "") -> None:
    """Make a member of staff with a role and print his first password, which is kept nowhere."""
    environment = current_environment()
    database.start(environment)
    start_django()
    from mingdu.base.people import employ_as

    number, password = employ_as(
        login, name or login, role, unit_code=unit, by=staff_or_system(by), at=clock_of(environment).now()
    )
    told = {"person": number, "login": login, "role": role, "unit": unit or None, "password": password}
    typer.echo(json.dumps(told, ensure_ascii=False))
