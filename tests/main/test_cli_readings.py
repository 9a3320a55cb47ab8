"""`mingdu import`, `close-days` and `export readings` as a person types them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import typer
from django.db import connection
from typer.testing import CliRunner, Result

from mingdu.errors import TradeError
from mingdu.main import registry
from mingdu.main.cli.readings import BadDay, NoDryRun, NoSuchFile, export_group, register
from mingdu.main.cli.staff import UnknownLogin
from mingdu.metering.operations import UnknownFormat, UnknownMapping
from mingdu.rulebook.document import BadDocument
from mingdu.town.files import write_town
from mingdu.town.model import Town
from mingdu.wire.exchange.table.mapping import BadMapping

pytestmark = pytest.mark.database

# Six customers and three area meters, in the books of the areas.
LOADED = {"network": 9, "customers": 6, "rounds": 3}
HEADER = "usage_point,channel|register,time,value,unit,quality\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six points of a week long ago, so that no clock calls it the future."""
    made = tmp_path_factory.mktemp("town")
    write_town(Town(20, 6, date(2025, 12, 1), date(2025, 12, 7)), made)
    return made


def type_line(*words: object) -> Result:
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, [str(word) for word in words])


def test_imports_closes_and_exports_what_comes_in_again(
    module_database: str, folder: Path, tmp_path: Path
) -> None:
    first = json.loads(type_line("import", folder / "registry.json").output)
    assert (first["rows"], first["accepted"], first["loaded"]) == (9, 9, LOADED)
    again = json.loads(type_line("import", folder / "registry.json", "--format", "registry").output)
    assert (again["accepted"], again["same"], again["loaded"]) == (0, 9, LOADED)
    for name in ("registers-2025-12.csv", "curves-2025-12.csv"):
        taken = type_line("import", folder / name, "--report", tmp_path / "report.json")
        assert taken.exit_code == 0
        report = json.loads((tmp_path / "report.json").read_text())
        assert report["rows"] == report["accepted"] + report["same"]
    closed = json.loads(type_line("close-days", "--from", "2025-12-01", "--to", "2025-12-04").output)
    assert (closed["buckets"], closed["done"], closed["failed"]) == (1, 1, 0)
    assert closed["results"][0]["points"] == 9
    out = tmp_path / "out.csv"
    exported = type_line("export", "readings", "--period", "2025-12", "--out", out)
    assert exported.output.startswith(f"rows={out.read_text().count(chr(10)) - 1} ")
    back = json.loads(type_line("import", out).output)
    assert (back["accepted"], back["conflicts"], back["bad"]) == (0, 0, [])
    assert back["same"] == back["rows"] > 9 * 4 * 96


def test_the_imported_registry_is_a_whole_system_and_the_same_again_changes_nothing(
    database: str, folder: Path
) -> None:
    found = []
    for _ in range(2):
        assert type_line("import", folder / "registry.json").exit_code == 0
        found.append(on_file())
    assert found[0] == found[1]
    customers, contacts, accounts, agreements, points = (len(rows) for rows in found[0][:5])
    assert (customers, contacts, accounts, agreements, points) == (6, 6, 6, 6, 9)


def test_nothing_of_a_registry_with_a_bad_entry_stands(database: str, folder: Path, tmp_path: Path) -> None:
    read = json.loads((folder / "registry.json").read_text())
    read["agreements"][4]["valid_from"] = "soon"
    path = tmp_path / "registry.json"
    path.write_text(json.dumps(read))
    answer = type_line("import", path)
    assert isinstance(answer.exception, BadDocument)
    assert answer.exception.values["key"] == "agreements[4].valid_from"
    assert [len(rows) for rows in on_file()] == [0] * 7


def test_a_registry_of_the_network_alone_enters_no_customer(
    database: str, folder: Path, tmp_path: Path
) -> None:
    read = json.loads((folder / "registry.json").read_text())
    for part in ("customers", "contacts", "accounts", "agreements", "books"):
        del read[part]
    path = tmp_path / "registry.json"
    path.write_text(json.dumps(read))
    assert json.loads(type_line("import", path).output)["loaded"] == {
        "network": 9, "customers": 0, "rounds": 0,
    }  # fmt: skip


def on_file() -> list[list[tuple[object, ...]]]:
    """Every row that a registry makes, by table."""
    tables = (
        "customers_customer", "customers_contact", "customers_account", "customers_agreement",
        "rounds_bookpoint", "rounds_book", "metering_usagepoint",
    )  # fmt: skip
    with connection.cursor() as cursor:
        rows = []
        for table in tables:
            cursor.execute(f"SELECT * FROM {table} ORDER BY id")
            rows.append(cursor.fetchall())
        return rows


def test_a_bad_line_gives_exit_code_one(module_database: str, tmp_path: Path) -> None:
    path = tmp_path / "typed.csv"
    path.write_text(HEADER + "nobody,TOTAL,2025-12-03T00:00,1.00,kWh,\n")
    answer = type_line("import", path, "--dry-run", "--format", "long")
    assert answer.exit_code == 1
    assert json.loads(answer.output) == {
        "rows": 1, "accepted": 0, "same": 0, "conflicts": 0,
        "bad": [{"line": 2, "error": "UnknownUsagePoint", "values": {"usage_point": "nobody"}}],
    }  # fmt: skip


def test_refuses_what_it_cannot_do(module_database: str, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "typed.csv"
    path.write_text(HEADER)
    refusals: dict[type[TradeError] | str, tuple[object, ...]] = {
        NoSuchFile: ("import", tmp_path / "nowhere.csv"),
        NoDryRun: ("import", folder / "registry.json", "--dry-run"),
        UnknownLogin: ("import", path, "--by", "nobody"),
        "UnknownFormat": ("import", path, "--format", "steam"),
        BadDay: ("close-days", "--from", "yesterday", "--to", "2025-12-04"),
    }
    for expected, words in refusals.items():
        name = expected if isinstance(expected, str) else expected.__name__
        assert type(type_line(*words).exception).__name__ == name
    month = type_line("export", "readings", "--period", "2025-13", "--out", path)
    assert isinstance(month.exception, BadDay)


def test_refuses_a_registry_that_is_none(tmp_path: Path) -> None:
    for text in ("no json", "[1, 2]"):
        path = tmp_path / "registry.json"
        path.write_text(text)
        with pytest.raises(registry.NotARegistry):
            registry.read_registry(path)


def test_every_loader_has_its_own_name() -> None:
    def other(read: dict[str, object], by: object, at: object) -> int:
        return 0

    type_line()
    with pytest.raises(registry.LoaderTwice):
        registry.register_registry_loader("network", other)


def test_the_group_export_is_made_once() -> None:
    app = typer.Typer()
    assert export_group(app) is export_group(app)


def test_takes_files_of_other_houses_as_they_are_told(
    module_database: str, folder: Path, tmp_path: Path
) -> None:
    type_line("import", folder / "registry.json")
    type_line("import", folder / "curves-2025-12.csv")
    for form, kept in (("nem12", "15"), ("green-button", "15"), ("iec61968", "")):
        out = tmp_path / form
        interval = ["--interval", kept] if kept else []
        words = ["export", "readings", "--period", "2025-12", "--out", out, "--format", form, *interval]
        assert type_line(*words).output.endswith(f"left_out=0 file={out}\n")
        again = type_line("import", out)
        told = json.loads(again.output)
        assert (again.exit_code, told["format"], told["accepted"]) == (0, form, 0)
    unknown = type_line("export", "readings", "--period", "2025-12", "--out", out, "--format", "fax")
    assert isinstance(unknown.exception, UnknownFormat)


def test_remembers_mappings_and_aliases_for_tables(
    module_database: str, folder: Path, tmp_path: Path
) -> None:
    type_line("import", folder / "registry.json")
    point = json.loads((folder / "registry.json").read_text())["usage_points"][0]["usage_point"]
    table, guessed, points = tmp_path / "a.csv", tmp_path / "a.json", tmp_path / "points.csv"
    rows = "".join(f"A7,2025-12-09 {n // 2:02}:{n % 2 * 30:02},0.125\n" for n in range(4))
    table.write_text(f"户号,时间,用电量\n{rows}", encoding="utf-8")
    guessed.write_text(type_line("mapping", "guess", table).output, encoding="utf-8")
    assert json.loads(guessed.read_text("utf-8"))["score"] == 100
    assert json.loads(type_line("mapping", "save", "邻局", guessed).output)["mapping"] == "邻局"
    points.write_text(f"number,usage_point\nA7,{point}\n")
    first = type_line("import", table, "--map", "邻局")
    assert first.exit_code == 1
    by_hand = json.loads(
        type_line("import", table, "--points", points, "--zone", "Etc/GMT-8", "--dry-run").output
    )
    assert by_hand["accepted"] == 4
    assert json.loads(type_line("aliases", points, "--kind", "account").output) == {"numbers": 1, "new": 1}
    assert (
        json.loads(type_line("import", table, "--map", "邻局", "--interval", "30/3").output)["accepted"] == 4
    )
    assert json.loads(type_line("mapping", "retire", "邻局").output) == {"retired": "邻局"}
    assert isinstance(type_line("import", table, "--map", "邻局").exception, UnknownMapping)
    guessed.write_text("{}")
    assert isinstance(type_line("mapping", "save", "邻局", guessed).exception, BadMapping)
