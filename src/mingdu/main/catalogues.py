"""Compiles the translation catalogues (.po, committed) to what gettext reads (.mo, not committed)."""

from __future__ import annotations

import tempfile
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parents[1] / "locale"


def compile_catalogues(folder: Path = LOCALE) -> list[Path]:
    """
    Compile every catalogue that is newer than what was compiled from it; no msgfmt is needed.

    returns  the files written; each appears whole, so that several starts at once do no harm
    """
    sources = sorted(folder.glob("*/LC_MESSAGES/*.po"))
    return [_compile(source) for source in sources if _is_stale(source)]


def _is_stale(source: Path) -> bool:
    compiled = source.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime_ns < source.stat().st_mtime_ns


def _compile(source: Path) -> Path:
    compiled = source.with_suffix(".mo")
    with source.open("rb") as text:
        catalogue = read_po(text)
    with tempfile.NamedTemporaryFile(dir=source.parent, delete=False) as fresh:
        write_mo(fresh, catalogue)
    Path(fresh.name).chmod(0o644)
    Path(fresh.name).replace(compiled)
    return compiled
