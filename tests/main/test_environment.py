"""The environment: defaults, values taken, values refused, secrets kept."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from mingdu.main.environment import (
    BadEnvironment,
    DependencyDown,
    Environment,
    LogFormat,
    current_environment,
    default_data_folder,
    kept_secret,
    make_folder,
)

CHECKOUT = Path("/srv/mingdu")
HOME = {"HOME": "/home/clerk"}


def test_keeps_the_defaults_of_the_contract() -> None:
    environment = Environment.from_mapping(HOME, CHECKOUT)
    assert (environment.http_port, environment.headend_port) == (8600, 8645)
    assert (environment.town_points, environment.town_seed) == (600, 1)
    assert (environment.database_url, environment.pg_bin, environment.demo_now) == (None, None, None)
    assert environment.log is LogFormat.TEXT


def test_takes_every_variable() -> None:
    environment = Environment.from_mapping(
        {
            "DATABASE_URL": "postgresql://clerk@example/mingdu",
            "MINGDU_PG_BIN": "/opt/pg/bin",
            "MINGDU_DATA": "/srv/data",
            "MINGDU_HTTP_PORT": "1",
            "MINGDU_HEADEND_PORT": "65535",
            "MINGDU_TOWN_POINTS": "1000000",
            "MINGDU_TOWN_SEED": "0",
            "MINGDU_DEMO_NOW": "2027-01-04T09:00:00+08:00",
            "MINGDU_SECRET_KEY": "k" * 32,
            "MINGDU_LOG": "json",
        },
        CHECKOUT,
    )
    assert environment.database_url == "postgresql://clerk@example/mingdu"
    assert (environment.pg_bin, environment.data_folder) == (Path("/opt/pg/bin"), Path("/srv/data"))
    assert (environment.http_port, environment.headend_port) == (1, 65_535)
    assert (environment.town_points, environment.town_seed) == (1_000_000, 0)
    assert environment.demo_now is not None
    assert environment.demo_now.utcoffset() == timedelta(hours=8)
    assert (environment.secret_key, environment.log) == ("k" * 32, LogFormat.JSON)


def test_takes_an_empty_variable_as_absent() -> None:
    names = ["DATABASE_URL", "MINGDU_PG_BIN", "MINGDU_DATA", "MINGDU_HTTP_PORT", "MINGDU_TOWN_SEED"]
    names += ["MINGDU_DEMO_NOW", "MINGDU_SECRET_KEY", "MINGDU_LOG"]
    empty = Environment.from_mapping({**HOME, **dict.fromkeys(names, "")}, CHECKOUT)
    assert empty == Environment.from_mapping(HOME, CHECKOUT)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MINGDU_HTTP_PORT", "0"),
        ("MINGDU_HTTP_PORT", "65536"),
        ("MINGDU_HEADEND_PORT", "-1"),
        ("MINGDU_HEADEND_PORT", "８６４５"),
        ("MINGDU_TOWN_POINTS", "many"),
        ("MINGDU_TOWN_POINTS", "1000001"),
        ("MINGDU_TOWN_SEED", "1.5"),
        ("MINGDU_DATA", "data"),
        ("MINGDU_PG_BIN", "bin"),
        ("MINGDU_DEMO_NOW", "tomorrow"),
        ("MINGDU_DEMO_NOW", "2027-01-04T09:00:00"),
        ("MINGDU_LOG", "xml"),
        ("MINGDU_SECRET_KEY", "short"),
        ("DATABASE_URL", "mysql://clerk:password@example/mingdu"),
    ],
)
def test_refuses_a_value_that_cannot_be_used(variable: str, value: str) -> None:
    with pytest.raises(BadEnvironment) as refused:
        Environment.from_mapping({**HOME, variable: value}, CHECKOUT)
    assert refused.value.values["variable"] == variable
    assert variable in refused.value.message
    assert variable in refused.value.next


def test_shows_no_secret_in_an_error_or_a_log() -> None:
    with pytest.raises(BadEnvironment) as refused:
        Environment.from_mapping({**HOME, "DATABASE_URL": "mysql://clerk:hidden@example/"}, CHECKOUT)
    assert "hidden" not in str(refused.value.as_json())
    secrets = {"DATABASE_URL": "postgresql://clerk:hidden@example/", "MINGDU_SECRET_KEY": "hidden" * 9}
    assert "hidden" not in repr(Environment.from_mapping({**HOME, **secrets}, CHECKOUT))


def test_names_the_data_folder_by_user_and_checkout(tmp_path: Path) -> None:
    ours = default_data_folder(tmp_path / "a", Path("/home/clerk/.local/share"), 1000)
    other = default_data_folder(tmp_path / "b", Path("/home/clerk/.local/share"), 1000)
    assert ours.parent == other.parent == Path("/home/clerk/.local/share/mingdu")
    assert ours.name != other.name
    assert len(ours.name) == 8
    by_root = default_data_folder(tmp_path / "a", Path("/root/.local/share"), 0)
    assert by_root == Path("/var/lib/mingdu") / ours.name


def test_finds_the_users_data_folder_without_home() -> None:
    named = Environment.from_mapping({"XDG_DATA_HOME": "/srv/share"}, CHECKOUT)
    unnamed = Environment.from_mapping({}, CHECKOUT)
    root_folder = Path("/var/lib/mingdu")
    assert named.data_folder.parent == (root_folder if os.geteuid() == 0 else Path("/srv/share/mingdu"))
    assert unnamed.data_folder.is_absolute()


def test_reads_this_process_for_this_checkout() -> None:
    environment = current_environment()
    assert (environment.checkout / "pyproject.toml").is_file()


def test_makes_the_secret_key_once_and_keeps_it_private(tmp_path: Path) -> None:
    environment = Environment(checkout=CHECKOUT, data_folder=tmp_path / "data")
    first = environment.secret_key
    assert len(first) >= 50
    assert environment.secret_key == first
    assert stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode) == 0o600


def test_gives_one_secret_to_many_first_callers(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        secrets = list(pool.map(kept_secret, [tmp_path / "secret"] * 64))
    assert len(set(secrets)) == 1
    assert list(tmp_path.iterdir()) == [tmp_path / "secret"]


def test_makes_missing_folders_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        make_folder(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    expected = 0o711 if os.geteuid() == 0 else 0o700
    assert [stat.S_IMODE(each.stat().st_mode) for each in (tmp_path / "a", tmp_path / "a/b")] == [
        expected
    ] * 2


def test_leaves_an_existing_folder_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    make_folder(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750


def test_ends_with_exit_code_4_when_a_dependency_is_down() -> None:
    assert DependencyDown.exit_code == 4
