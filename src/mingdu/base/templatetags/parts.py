"""The small parts of pages: `{% asset 'pages.css' %}`, `{% icon 'zap' %}`, `{% tag text 'good' %}`."""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mingdu.errors import TradeError

register = template.Library()

# What a mark means is said by its word and its icon; the colour only repeats it.
TONES = {
    "good": ("tag-good", "circle-check"),
    "warn": ("tag-warn", "triangle-alert"),
    "bad": ("tag-bad", "circle-alert"),
    "info": ("tag-info", "info"),
    "plain": ("tag-plain", ""),
}


class AssetNotBuilt(TradeError):
    """A page's style, script or icon sheet was not built."""

    next_step = "run `make setup`"


@register.simple_tag
def asset(name: str) -> str:
    """Return the address of a built file; it changes with the content, so browsers may keep it for ever."""
    return _address(name)


@register.simple_tag
def icon(name: str, words: str = "") -> SafeString:
    """Draw an icon; `words` say what it means where no text stands beside it."""
    return _drawn(name, str(words))


# A page draws a dozen icons, mostly the same ones.
@lru_cache(maxsize=1024)
def _drawn(name: str, words: str) -> SafeString:
    said = format_html('role="img" aria-label="{}"', words) if words else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="icon" {}><use href="{}#{}"></use></svg>', said, _address("icons.svg"), name
    )


@register.simple_tag
def tag(text: str, tone: str = "plain") -> SafeString:
    """Mark a state: a word with its icon on the tone's ground."""
    style, sign = TONES[tone]
    drawn = icon(sign) if sign else ""
    return format_html('<span class="tag {}">{}{}</span>', style, drawn, text)


@cache
def _address(name: str) -> str:
    found = finders.find(f"built/{name}")
    if found is None:
        raise AssetNotBuilt(f"{name} is not built", name=name)
    content = hashlib.sha256(Path(str(found)).read_bytes()).hexdigest()
    return f"{static('built/' + name)}?v={content[:10]}"
