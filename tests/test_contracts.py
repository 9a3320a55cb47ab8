"""The import contracts hold, and each reports the fault that is planted for it in a copy of the source."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MUST_BE_PURE_OF = {
    *("asyncio", "django", "httpx", "logging", "psycopg"),
    *("random", "socket", "structlog", "time", "uvicorn"),
}


def contracts() -> dict[str, configparser.SectionProxy]:
    """The contracts by the last part of their section's name."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter", encoding="utf-8")
    return {name.split(":")[2]: parser[name] for name in parser.sections() if ":" in name}


def forbidden(contract: str) -> list[str]:
    return contracts()[contract]["forbidden_modules"].split()


def subjects_with_models() -> list[str]:
    found = (ROOT / "src/mingdu").glob("*/models*")
    return sorted(path.parent.name for path in found if path.suffix in ("", ".py"))


# Contract, the file that gets the import, what it imports. The file is new, or the line is added to it.
PLANTED = (
    ("layers", "core/planted_upwards", "mingdu.rulebook"),
    ("layers", "wire/planted_sideways", "mingdu.core.types"),
    ("layers", "core/planted_sideways", "mingdu.wire"),
    ("layers", "errors", "mingdu.core.types"),
    ("layers", "money/planted_upwards", "mingdu.billing"),
    ("layers", "headend/planted_sideways", "mingdu.base"),
    ("layers", "faces/planted_upwards", "mingdu.main"),
    *(("pure", f"core/planted_{module}", module) for module in forbidden("pure")),
    ("pure", "wire/planted_socket", "socket"),
    *(("rulebook", f"rulebook/planted_{module}", module) for module in forbidden("rulebook")),
    *(("headend-without-django", f"headend/planted_{module}", module) for module in ("django", "ninja")),
    ("headend-only-from-main", "service/planted_headend", "mingdu.headend"),
    ("inside", "work/events", "mingdu.work.operations"),
    ("inside", "work/queries", "mingdu.work.jobs"),
    ("inside", "work/api", "mingdu.work.views"),
    ("inside", "faces/planted_face/queries", "mingdu.faces.planted_face.operations"),
    *((f"models-of-{each}", "main/planted", f"mingdu.{each}.models") for each in subjects_with_models()),
)
CYCLE = (("core/planted_egg", "mingdu.core.planted_hen"), ("core/planted_hen", "mingdu.core.planted_egg"))
# Modules that the planted imports need to find.
BESIDE = (
    *("work/operations", "work/jobs", "work/views"),
    *("faces/planted_face/__init__", "faces/planted_face/operations"),
)


@pytest.fixture(scope="module")
def report_of_planted_faults(tmp_path_factory: pytest.TempPathFactory) -> str:
    copy = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / ".importlinter", copy)
    package = copy / "src/mingdu"
    shutil.copytree(ROOT / "src/mingdu", package, ignore=shutil.ignore_patterns("__pycache__"))
    for module in BESIDE:
        add_line(package / f"{module}.py", "")
    for module, imported in (*(planted[1:] for planted in PLANTED), *CYCLE):
        add_line(package / f"{module}.py", f"import {imported}\n")
    add_line(package / "planted_layer/__init__.py", "")
    code, report = lint(copy)
    assert code == 1
    return report


def add_line(file: Path, line: str) -> None:
    file.parent.mkdir(exist_ok=True)
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    file.write_text(text + line, encoding="utf-8")


def lint(folder: Path) -> tuple[int, str]:
    """Run lint-imports there; the exit code and the report in one line."""
    program = Path(sys.executable).with_name("lint-imports")
    environment = os.environ | {"PYTHONPATH": str(folder / "src"), "COLUMNS": "200"}
    command = [str(program), "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_the_house_keeps_its_contracts() -> None:
    code, report = lint(ROOT)
    assert code == 0, report


@pytest.mark.parametrize(("contract", "module", "imported"), PLANTED)
def test_reports_the_planted_import(
    contract: str, module: str, imported: str, report_of_planted_faults: str
) -> None:
    importer = f"mingdu.{module.replace('/', '.')}"
    name = re.escape(contracts()[contract]["name"])
    own_part = re.search(rf"{name} -{{3,}} (.*?)(?= -{{3,}} |$)", report_of_planted_faults)
    assert own_part, f"{contract} is not broken"
    assert re.search(rf"{re.escape(importer)} -> {re.escape(imported)}\b", own_part[1])


def test_reports_the_planted_cycle(report_of_planted_faults: str) -> None:
    either = r"(egg -> \.planted_hen|hen -> \.planted_egg)"
    cycle = rf"No cycles are allowed in mingdu\.core\. [^:]*: - \.planted_{either} "
    assert re.search(cycle, report_of_planted_faults)


def test_refuses_a_folder_that_no_layer_names(report_of_planted_faults: str) -> None:
    assert "not listed as layers: - mingdu.planted_layer" in report_of_planted_faults


def test_every_contract_has_a_planted_fault() -> None:
    assert {contract for contract, _, _ in PLANTED} | {"acyclic"} == set(contracts())


def test_every_subject_with_models_has_its_contract() -> None:
    assert {f"models-of-{subject}" for subject in subjects_with_models()} <= set(contracts())


def test_kernels_are_pure_of_all_that_the_architecture_names() -> None:
    assert set(forbidden("pure")) >= MUST_BE_PURE_OF


def test_the_layers_are_exhaustive() -> None:
    assert contracts()["layers"]["exhaustive"] == "True"
