"""Catalogues are compiled when they have changed, without msgfmt."""

from __future__ import annotations

import gettext
import os
from pathlib import Path

from mingdu.main.catalogues import LOCALE, compile_catalogues

SOURCE = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "meter"\nmsgstr "电能表"\n'


def test_compiles_once_and_again_after_a_change(tmp_path: Path) -> None:
    source = tmp_path / "zh_Hans" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(SOURCE)
    compiled = source.with_suffix(".mo")
    assert compile_catalogues(tmp_path) == [compiled]
    assert gettext.translation("django", tmp_path, ["zh_Hans"]).gettext("meter") == "电能表"
    assert compile_catalogues(tmp_path) == []
    later = compiled.stat().st_mtime_ns + 1
    os.utime(source, ns=(later, later))
    assert compile_catalogues(tmp_path) == [compiled]
    assert sorted(path.name for path in source.parent.iterdir()) == ["django.mo", "django.po"]


def test_finds_a_catalogue_for_each_language() -> None:
    assert sorted(path.parts[-3] for path in LOCALE.glob("*/LC_MESSAGES/django.po")) == ["en", "zh_Hans"]
