"""HTTPS: by the owner's certificate, or by one that the machine makes once for itself."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from headend.headend_process import free_port
from mingdu.main.certificates import (
    BadCertificate,
    Certificate,
    NoCertificate,
    NoOpenssl,
    given_certificate,
    own_certificate,
)
from mingdu.main.cli.processes import register
from mingdu.main.demo.waiting import until
from mingdu.main.environment import Environment, current_environment

WAIT_SECONDS = 60


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return replace(current_environment(), data_folder=tmp_path / "data")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A self-signed certificate."""
    folder = tmp_path_factory.mktemp("made")
    return own_certificate(replace(current_environment(), data_folder=folder))


def program(folder: Path, text: str) -> str:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_is_made_once_and_its_key_is_the_owners_alone(environment: Environment) -> None:
    first = own_certificate(environment)
    before = first.certificate.read_bytes(), first.key.read_bytes()
    assert stat.S_IMODE(first.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(first.key.parent.stat().st_mode) == 0o700
    second = own_certificate(environment, openssl="no-such-command")
    assert (second.certificate.read_bytes(), second.key.read_bytes()) == before
    assert sorted(path.name for path in environment.data_folder.rglob("*")) == [
        "certificate.pem", "key.pem", "tls",
    ]  # fmt: skip


def test_starts_at_once_agree_on_one_certificate(environment: Environment) -> None:
    start, seen = threading.Barrier(4), []

    def make() -> None:
        start.wait(WAIT_SECONDS)
        seen.append(own_certificate(environment).key.read_bytes())

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_SECONDS)
    assert len(seen) == 4 and len(set(seen)) == 1
    assert [path.name for path in environment.data_folder.iterdir()] == ["tls"]


def test_without_openssl_it_says_what_helps(environment: Environment, tmp_path: Path) -> None:
    with pytest.raises(NoOpenssl, match="no-such-command") as refusal:
        own_certificate(environment, openssl="no-such-command")
    assert (refusal.value.exit_code, "install openssl" in refusal.value.next_step) == (4, True)
    with pytest.raises(NoOpenssl, match="ended with 3: no entropy"):
        own_certificate(environment, openssl=program(tmp_path, "echo no entropy >&2; exit 3"))
    assert list(environment.data_folder.rglob("*")) == []


def test_refuses_files_that_are_no_certificate_with_its_key(made: Certificate, tmp_path: Path) -> None:
    with pytest.raises(NoCertificate) as refusal:
        given_certificate(made.certificate, tmp_path / "key.pem")
    assert refusal.value.values == {"path": f"{tmp_path / 'key.pem'}"}
    with pytest.raises(BadCertificate):
        given_certificate(made.key, made.certificate)
    other = own_certificate(replace(current_environment(), data_folder=tmp_path))
    with pytest.raises(BadCertificate, match="KEY_VALUES_MISMATCH"):
        given_certificate(made.certificate, other.key)


def test_refuses_a_key_behind_a_password(made: Certificate, tmp_path: Path) -> None:
    locked = tmp_path / "locked.pem"
    subprocess.run(
        ["openssl", "pkcs8", "-topk8", "-in", made.key, "-out", locked, "-passout", "pass:secret"],
        check=True, capture_output=True,
    )  # fmt: skip
    with pytest.raises(BadCertificate):
        given_certificate(made.certificate, locked)


def type_line(*words: object) -> Result:
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, ["serve", *(str(word) for word in words)])


def test_the_command_refuses_before_anything_starts(made: Certificate, tmp_path: Path) -> None:
    missing = tmp_path / "missing.pem"
    answer = type_line("--tls", "--cert", missing, "--key", made.key)
    assert isinstance(answer.exception, NoCertificate)
    for words in (("--tls", "--cert", made.certificate), ("--cert", made.certificate, "--key", made.key)):
        assert type_line(*words).exit_code == 2


@contextmanager
def serving(url: str, data: Path, *words: object) -> Iterator[int]:
    """Run `mingdu serve` on a free port until the block ends."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "mingdu.main.cli", "serve", "--port", str(port), *map(str, words)],
        env=os.environ | {"DATABASE_URL": url, "MINGDU_DATA": str(data)},
    )
    try:
        until(partial(listens, port), "the web server", seconds=WAIT_SECONDS)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(WAIT_SECONDS)


def status_over_tls(port: int, trusted: Path) -> int:
    return asked_over_tls(port, trusted, "/api/v1/openapi.json").status


def asked_over_tls(port: int, trusted: Path, path: str) -> http.client.HTTPResponse:
    """Ask once; the certificate has to be trusted and to name the host."""
    context = ssl.create_default_context(cafile=trusted)
    asked = http.client.HTTPSConnection("localhost", port, timeout=WAIT_SECONDS, context=context)
    try:
        asked.request("GET", path)
        return asked.getresponse()
    finally:
        asked.close()


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.database
def test_serves_https_by_its_own_certificate(database: str, tmp_path: Path, made: Certificate) -> None:
    with serving(database, tmp_path, "--tls") as port:
        own = tmp_path / "tls" / "certificate.pem"
        assert status_over_tls(port, own) == 200
        cookies = asked_over_tls(port, own, "/console/sign-in/").headers.get_all("Set-Cookie") or []
        assert cookies and all("; Secure" in cookie for cookie in cookies)
        with pytest.raises(ssl.SSLCertVerificationError):
            status_over_tls(port, made.certificate)


@pytest.mark.database
def test_serves_https_by_a_given_certificate(database: str, tmp_path: Path, made: Certificate) -> None:
    with serving(database, tmp_path, "--tls", "--cert", made.certificate, "--key", made.key) as port:
        assert status_over_tls(port, made.certificate) == 200
    assert not (tmp_path / "tls").exists()
