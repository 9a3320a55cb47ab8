"""The tables come to the state that the program needs, from nothing and from themselves."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from mingdu.main.environment import current_environment
from mingdu.main.migrate import migrate

pytestmark = pytest.mark.database


def applied() -> set[tuple[str, str]]:
    return set(MigrationRecorder(connection).applied_migrations())


def functions_and_tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        )
        return {name for (name,) in cursor.fetchall()}


def test_the_models_are_those_of_the_migrations(server_url: str) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=1, stdout=StringIO())


def test_migrating_again_changes_nothing(database: str) -> None:
    before, tables = applied(), functions_and_tables()
    migrate(replace(current_environment(), database_url=database))
    assert (applied(), functions_and_tables()) == (before, tables)
    assert ("money", "0001_bulk") in before


@pytest.mark.parametrize(("subject", "left"), [("money", "money_"), ("base", "base_")])
def test_a_subject_can_be_taken_back_and_brought_again(subject: str, left: str, database: str) -> None:
    before = functions_and_tables()
    call_command("migrate", subject, "zero", interactive=False, verbosity=0)
    assert not [name for name in functions_and_tables() if name.startswith(left)]
    migrate(replace(current_environment(), database_url=database))
    assert functions_and_tables() == before
