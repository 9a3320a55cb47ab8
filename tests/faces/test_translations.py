"""Every word that a page shows stands in both catalogues."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from django.utils.translation import gettext, override

from mingdu.main.catalogues import LOCALE, compile_catalogues

SOURCE = LOCALE.parent
TRANSLATE = re.compile(r"{%\s*translate\s+(?:\"([^\"]+)\"|'([^']+)')")
BLOCK = re.compile(r"{%\s*blocktranslate[^%]*%}(.*?){%\s*endblocktranslate", re.DOTALL)
VARIABLE = re.compile(r"{{\s*(\w+)\s*}}")
PLACEHOLDER = re.compile(r"%\(\w+\)s")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
CALLS = ("_", "gettext", "gettext_lazy")


def words_of_templates() -> Iterator[str]:
    for path in SOURCE.rglob("*.html"):
        text = path.read_text()
        yield from (match[1] or match[2] for match in TRANSLATE.finditer(text))
        yield from (VARIABLE.sub(r"%(\1)s", match[1]) for match in BLOCK.finditer(text))


def words_of_code() -> Iterator[str]:
    for path in SOURCE.rglob("*.py"):
        text = path.read_text()
        if "gettext" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in CALLS:
                word = node.args[0]
                assert isinstance(word, ast.Constant), (
                    f"{path}:{node.lineno} translates what is not written out"
                )
                yield str(word.value)


def catalogue(language: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file)


@pytest.mark.parametrize("language", ["zh_Hans", "en"])
def test_the_catalogue_holds_exactly_the_words_in_use(language: str) -> None:
    known = {message.id for message in catalogue(language) if message.id}
    assert known == {*words_of_templates(), *words_of_code()}


@pytest.mark.parametrize("language", ["zh_Hans", "en"])
def test_no_word_is_left_empty_doubtful_or_without_its_variables(language: str) -> None:
    for message in catalogue(language):
        if message.id:
            word = str(message.string)
            assert word and not message.fuzzy, message.id
            # Chinese may name them in another order.
            assert sorted(PLACEHOLDER.findall(word)) == sorted(PLACEHOLDER.findall(str(message.id)))


def test_the_chinese_words_are_chinese() -> None:
    own = {message.id: str(message.string) for message in catalogue("zh_Hans") if message.id}
    letters = {word: PLACEHOLDER.sub("", text) for word, text in own.items()}
    foreign = [
        word for word, text in letters.items() if re.search(r"[A-Za-z]{2}", text) and not CHINESE.search(text)
    ]
    assert foreign == []


@pytest.mark.parametrize(("language", "word"), [("zh-hans", "抄表员"), ("en", "reader")])
def test_the_words_reach_the_pages(language: str, word: str) -> None:
    compile_catalogues()
    with override(language):
        assert gettext("reader") == word
