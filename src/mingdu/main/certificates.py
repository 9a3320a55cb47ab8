"""The certificate (证书) that the web server shows: the owner's, or one that this machine made for itself."""

from __future__ import annotations

import contextlib
import shutil
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mingdu.errors import TradeError

from .environment import DependencyDown, Environment, make_folder

OPENSSL = "openssl"
VALID_DAYS = 3650
# It vouches for this machine's own names alone and can sign nothing else, should its key get lost.
_REQUEST = """
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = Mingdu
[extensions]
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
"""


class NoCertificate(TradeError):
    """A file of the certificate or its key is not there."""

    next_step = "give --cert and --key the paths of existing PEM files, or neither for a self-signed one"


class BadCertificate(TradeError):
    """The two files hold no certificate and key that belong together."""

    next_step = "give the certificate in PEM and the key that it was made with, without a password"


class NoOpenssl(DependencyDown):
    """The command `openssl`, which makes the certificate, is not on this machine or did not do it."""

    next_step = "install openssl (apt-get install openssl), or give --cert and --key"


@dataclass(frozen=True)
class Certificate:
    """A certificate and its private key, as PEM files that belong together."""

    certificate: Path
    key: Path


def given_certificate(certificate: Path, key: Path) -> Certificate:
    """
    Take a certificate that others made.

    raises  NoCertificate, BadCertificate
    """
    for path in (certificate, key):
        if not path.is_file():
            raise NoCertificate(f"{path} is not a file", path=str(path))
    try:
        # A password would be asked for on the terminal; with one given it is refused instead.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except OSError as cause:
        raise BadCertificate(
            f"{certificate.name} and {key.name}: {cause}", certificate=str(certificate), key=str(key)
        ) from cause
    return Certificate(certificate, key)


def own_certificate(environment: Environment, openssl: str = OPENSSL) -> Certificate:
    """
    Return the self-signed certificate of this data folder; the first caller makes it.

    Both files appear at once under their names, the key readable by its owner alone.
    raises  NoOpenssl, BadCertificate
    """
    folder = environment.data_folder / "tls"
    if not folder.is_dir():
        _make(folder, openssl)
    return given_certificate(folder / "certificate.pem", folder / "key.pem")


def _make(folder: Path, openssl: str) -> None:
    program = shutil.which(openssl)
    if program is None:
        raise NoOpenssl(f"there is no command {openssl}", command=openssl)
    make_folder(folder.parent)
    with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as made:
        fresh = Path(made) / "tls"
        fresh.mkdir(mode=0o700)
        _ask_openssl(program, fresh)
        # Of two that start at once the first one's certificate stays: its folder is there and not empty.
        with contextlib.suppress(OSError):
            fresh.rename(folder)


def _ask_openssl(program: str, folder: Path) -> None:
    request, key = folder / "request.cnf", folder / "key.pem"
    request.write_text(_REQUEST)
    key.touch(mode=0o600)
    done = subprocess.run(
        [
            program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-sha256", "-days", str(VALID_DAYS), "-config", request, "-keyout", key,
            "-out", folder / "certificate.pem",
        ],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise NoOpenssl(
            f"openssl ended with {done.returncode}: {done.stderr.strip()[-300:]}", code=done.returncode
        )
    key.chmod(0o600)
    request.unlink()
