"""`mingdu backup` and `mingdu restore` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from main.backup.yard import Yard
from mingdu.main.backup.restore import FolderInUse
from mingdu.main.cli.app import build, run

pytestmark = pytest.mark.database


class Terminal:
    def __init__(self, yard: Yard) -> None:
        self.variables = {
            "MINGDU_DATA": str(yard.environment.data_folder), "MINGDU_BACKUP": str(yard.target.folder),
            "DATABASE_URL": None,
        }  # fmt: skip

    def type(self, line: str) -> Result:
        return CliRunner().invoke(build(), line.split(), env=self.variables)


@pytest.fixture
def terminal(yard: Yard) -> Terminal:
    return Terminal(yard)


def test_makes_lists_proves_and_restores(terminal: Terminal, yard: Yard, tmp_path: Path) -> None:
    assert "no backups yet" in terminal.type("backup list").output
    first = terminal.type("backup").output
    key = first.split("recovery key: ")[1].split()[0]
    assert first.startswith("full backup ") and "Write it down" in first
    assert terminal.type("backup key").output.strip() == key
    second = terminal.type("backup run").output
    assert second.startswith("incremental backup ") and "recovery key" not in second
    assert terminal.type("backup log").output.startswith("the log reaches to ")
    listed = json.loads(terminal.type("backup list --json").output)
    assert [each["state"] for each in listed] == ["whole", "whole"]
    assert listed[1]["name"] in terminal.type("backup list").output
    assert "equal; loss" in terminal.type("backup verify").output
    proof = json.loads(terminal.type("backup verify --json").stdout)
    assert proof["is_equal"] and proof["schema"] == "mingdu/backup-proof/1"
    folder = yard.empty("typed")
    said = terminal.type(f"restore --to latest --into {folder}").output
    assert "the latest change is" in said and f"MINGDU_DATA={folder} mingdu db start" in said
    assert yard.numbers_in(folder) == [1]
    instant = listed[0]["ended_at"]
    again = terminal.type(f"restore --to {instant} --into {yard.empty('again')} --without-keys").output
    assert listed[0]["name"] in again


def test_ends_with_3_when_the_totals_differ(terminal: Terminal, yard: Yard) -> None:
    path = yard.target.backups / yard.manifest().name / "manifest.json"
    planted = json.loads(path.read_text())
    planted["totals"]["tables"]["public.written"]["hash"] = "1"
    path.write_text(json.dumps(planted))
    said = terminal.type("backup verify")
    assert said.exit_code == 3 and "DIFFERENT in public.written" in said.output


@pytest.mark.parametrize("instant", ["yesterday", "2027-01-04T09:00:00"])
def test_refuses_an_instant_that_is_none_or_has_no_zone(terminal: Terminal, instant: str) -> None:
    refused = terminal.type(f"restore --to {instant}")
    assert type(refused.exception).__name__ == "BadInstant"


def test_refuses_to_restore_over_the_live_database(terminal: Terminal) -> None:
    refused = terminal.type("restore --to latest").exception
    assert isinstance(refused, FolderInUse)
    assert "--replace" in refused.next


def test_says_what_was_replaced_and_what_was_cut(terminal: Terminal, yard: Yard) -> None:
    (yard.target.backups / "20260101T000000.000Z.partial").mkdir()
    assert "cleared 20260101T000000.000Z" in terminal.type("backup --full").output
    assert "kept what was there" in terminal.type("restore --to latest --replace").output


def test_does_what_is_due(terminal: Terminal) -> None:
    assert terminal.type("backup due").output.strip() in ("full", "incremental", "verify", "nothing is due")
    assert run(lambda: None) == 0
