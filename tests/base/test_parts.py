"""The small parts of pages."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.test import Client

from mingdu.base.templatetags.parts import TONES, AssetNotBuilt, asset, icon, tag

ICON_NAME = re.compile(r"""{%\s*icon\s+["']([a-z0-9-]+)["']""")


def test_an_asset_s_address_follows_its_content_and_is_kept_for_ever() -> None:
    address = asset("pages.css")
    answer = Client().get(address)
    assert re.fullmatch(r"/static/built/pages\.css\?v=[0-9a-f]{10}", address)
    assert answer.status_code == 200 and "immutable" in answer.headers["Cache-Control"]


def test_an_asset_is_sent_small() -> None:
    plain = Client().get(asset("pages.css"))
    small = Client().get(asset("pages.css"), headers={"Accept-Encoding": "gzip"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(b"".join(small)) == b"".join(plain)


def test_refuses_an_asset_that_was_not_built() -> None:
    with pytest.raises(AssetNotBuilt):
        asset("nothing.css")


def test_an_icon_is_silent_beside_words_and_speaks_alone() -> None:
    assert 'aria-hidden="true"' in icon("zap")
    assert 'aria-label="&lt;Bell&gt;"' in icon("bell", "<Bell>")


@pytest.mark.parametrize("tone", sorted(TONES))
def test_a_mark_is_a_word_with_a_sign(tone: str) -> None:
    mark = tag("<held>", tone)
    assert f"tag-{tone}" in mark and "&lt;held&gt;" in mark
    assert ("<svg" in mark) == bool(TONES[tone][1])


def test_every_icon_that_templates_name_is_in_the_sheet() -> None:
    from mingdu.main.catalogues import LOCALE

    sheet = Path(str(finders.find("built/icons.svg"))).read_text()
    drawn = set(re.findall(r'<symbol id="([a-z0-9-]+)"', sheet))
    named = {name for path in LOCALE.parent.rglob("*.html") for name in ICON_NAME.findall(path.read_text())}
    assert named and named <= drawn
    assert {sign for _, sign in TONES.values() if sign} <= drawn


def test_the_tags_work_in_templates() -> None:
    text = "{% load parts %}{% icon 'zap' %}{% tag 'done' 'good' %}{% asset 'pages.js' %}"
    assert "done" in Template(text).render(Context())
