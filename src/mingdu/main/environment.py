"""What the surroundings decide (环境变量): read once here, passed on as one frozen value."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import ClassVar

from mingdu.errors import TradeError

CHECKOUT = Path(__file__).resolve().parents[3]
SYSTEM_FOLDER = Path("/var/lib/mingdu")
PORT_MAX = 65_535
TOWN_POINTS_MAX = 1_000_000
SEED_MAX = 2**63 - 1
SECRET_CHARACTERS_MIN = 32


class BadEnvironment(TradeError):
    """An environment variable holds a value that cannot be used."""


class DependencyDown(TradeError):
    """Something that Mingdu needs (database, worker, head end) does not serve; exit code 4."""

    exit_code: ClassVar[int] = 4


class LogFormat(Enum):
    """How log lines are written: for machines or for people."""

    JSON = "json"
    TEXT = "text"


@dataclass(frozen=True)
class Environment:
    """
    The settings of one checkout, checked.

    database_url  libpq URL of a server kept by others; None: the launcher keeps one
    pg_bin        folder of PostgreSQL programs to use instead of the wheel's
    data_folder   everything that this checkout stores; outside the checkout when run by root
    backup_folder where backups go, best on another disk; None: `backups` in the data folder
    demo_now      aware instant at which demo time starts; None: the real clock
    """

    checkout: Path
    data_folder: Path
    database_url: str | None = field(default=None, repr=False)
    pg_bin: Path | None = None
    backup_folder: Path | None = None
    http_port: int = 8600
    headend_port: int = 8645
    town_points: int = 600
    town_seed: int = 1
    demo_now: datetime | None = None
    log: LogFormat = LogFormat.TEXT
    given_secret_key: str | None = field(default=None, repr=False)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, str], checkout: Path) -> Environment:
        """
        Read the variables of CONTRACTS; a variable that is absent or empty keeps its default.

        mapping   names and values, as in os.environ
        checkout  root of this copy of the project; its path names the default data folder
        raises    BadEnvironment, telling variable, value and what is accepted
        """
        return cls(
            checkout=checkout.resolve(),
            data_folder=_folder(mapping, "MINGDU_DATA")
            or default_data_folder(checkout, _user_data_folder(mapping), os.geteuid()),
            database_url=_database_url(mapping),
            pg_bin=_folder(mapping, "MINGDU_PG_BIN"),
            backup_folder=_folder(mapping, "MINGDU_BACKUP"),
            http_port=_whole(mapping, "MINGDU_HTTP_PORT", 8600, range(1, PORT_MAX + 1)),
            headend_port=_whole(mapping, "MINGDU_HEADEND_PORT", 8645, range(1, PORT_MAX + 1)),
            town_points=_whole(mapping, "MINGDU_TOWN_POINTS", 600, range(1, TOWN_POINTS_MAX + 1)),
            town_seed=_whole(mapping, "MINGDU_TOWN_SEED", 1, range(SEED_MAX)),
            demo_now=_instant(mapping, "MINGDU_DEMO_NOW"),
            log=_log_format(mapping),
            given_secret_key=_secret_key(mapping),
        )

    @property
    def secret_key(self) -> str:
        """Return MINGDU_SECRET_KEY, else the key made once and kept 0600 in the data folder."""
        return self.given_secret_key or kept_secret(self.data_folder / "secret_key")


def current_environment() -> Environment:
    """Return the environment of this process and this checkout."""
    return Environment.from_mapping(os.environ, CHECKOUT)


def default_data_folder(checkout: Path, user_data_folder: Path, user_id: int) -> Path:
    """Name the data folder by the checkout's path, so that two checkouts never share one."""
    name = hashlib.sha256(str(checkout.resolve()).encode()).hexdigest()[:8]
    return SYSTEM_FOLDER / name if user_id == 0 else user_data_folder / "mingdu" / name


def make_folder(folder: Path) -> None:
    """
    Make a folder and its missing parents; leave an existing one as it is.

    The modes are set whatever the umask: made by root, they let the server's own user
    pass through (but not list); made by a person, they are his alone.
    """
    mode = 0o711 if os.geteuid() == 0 else 0o700
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(exist_ok=True)
        missing.chmod(mode)


def kept_secret(path: Path) -> str:
    """
    Return the secret kept in a file; the first caller makes it, readable by the owner alone.

    The file appears under its name only when complete, so that two first callers at once
    get the same secret.
    """
    if not path.exists():
        make_folder(path.parent)
        with tempfile.NamedTemporaryFile("w", dir=path.parent) as fresh:
            fresh.write(secrets.token_urlsafe(48))
            fresh.flush()
            os.fsync(fresh.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(fresh.name, path)
    return path.read_text()


def _user_data_folder(mapping: Mapping[str, str]) -> Path:
    home = mapping.get("HOME") or pwd.getpwuid(os.geteuid()).pw_dir
    return Path(mapping.get("XDG_DATA_HOME") or Path(home) / ".local" / "share")


def _folder(mapping: Mapping[str, str], name: str) -> Path | None:
    text = mapping.get(name)
    if not text:
        return None
    if not Path(text).is_absolute():
        raise _bad(name, text, "an absolute path")
    return Path(text)


def _whole(mapping: Mapping[str, str], name: str, default: int, accepted: range) -> int:
    text = mapping.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and int(text) in accepted):
        raise _bad(name, text, f"a whole number from {accepted.start} to {accepted.stop - 1}")
    return int(text)


def _instant(mapping: Mapping[str, str], name: str) -> datetime | None:
    text = mapping.get(name)
    if not text:
        return None
    accepted = "an instant with its zone, such as 2027-01-04T09:00:00+08:00"
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as cause:
        raise _bad(name, text, accepted) from cause
    if instant.utcoffset() is None:
        raise _bad(name, text, accepted)
    return instant


def _log_format(mapping: Mapping[str, str]) -> LogFormat:
    text = mapping.get("MINGDU_LOG") or LogFormat.TEXT.value
    if text not in {each.value for each in LogFormat}:
        raise _bad("MINGDU_LOG", text, "json or text")
    return LogFormat(text)


def _database_url(mapping: Mapping[str, str]) -> str | None:
    url = mapping.get("DATABASE_URL")
    if url and not url.startswith(("postgresql://", "postgres://")):
        # The value may hold a password, so the error shows only the part before the colon.
        raise _bad("DATABASE_URL", url.partition(":")[0] + ":…", "a URL that begins with postgresql://")
    return url or None


def _secret_key(mapping: Mapping[str, str]) -> str | None:
    key = mapping.get("MINGDU_SECRET_KEY")
    if key and len(key) < SECRET_CHARACTERS_MIN:
        accepted = f"at least {SECRET_CHARACTERS_MIN} characters of chance"
        raise _bad("MINGDU_SECRET_KEY", f"{len(key)} characters", accepted)
    return key or None


def _bad(name: str, value: str, accepted: str) -> BadEnvironment:
    return BadEnvironment(
        f"{name}: {value!r} is not {accepted}",
        next_step=f"set {name} to {accepted}, or unset it to use the default",
        variable=name,
        value=value,
    )
