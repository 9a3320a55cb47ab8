"""Every rule reports the fault that was planted for it, with its place, and lets the mended text pass."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tidy.planted import Planted
from tidy.planted_borders import BORDERS
from tidy.planted_edge import EDGE
from tidy.planted_files import FILES
from tidy.planted_shape import SHAPE
from tidy.planted_words import WORDS
from tidy.rules import RULES
from tidy.tree import Tree, read_tree

PLANTED = (*SHAPE, *WORDS, *EDGE, *BORDERS, *FILES)
BY_PATH = {"mirrored_folders", "binary_files"}


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: f"{planted.rule}: {planted.title}")
def test_reports_the_fault_and_passes_its_mend(planted: Planted) -> None:
    rule = RULES[planted.rule]
    found = list(rule(planted.tree(planted.bad)))
    assert [finding.path for finding in found] == [planted.path]
    assert str(found[0]).startswith(f"{planted.path}:{found[0].line}: ")
    assert ". Mend: " in str(found[0])
    assert not list(rule(planted.tree(planted.good)))


def test_every_rule_has_a_planted_fault() -> None:
    assert {planted.rule for planted in PLANTED} | BY_PATH == set(RULES)


@pytest.mark.parametrize(
    ("rule", "bad", "good"),
    [
        ("empty_names", "src/mingdu/core/utils.py", "src/mingdu/core/rating.py"),
        ("empty_names", "src/mingdu/work/common/tasks.py", "src/mingdu/work/tasks.py"),
        ("mirrored_folders", "tests/various/test_tasks.py", "tests/work/test_tasks.py"),
        ("binary_files", "web/vendor.min.js", "web/board.js"),
        ("binary_files", "web/noto.woff2", "web/noto.css"),
        ("clock", "src/mingdu/work/tasks.py", "src/mingdu/main/clock.py"),
        ("environment", "src/mingdu/town/tasks.py", "src/mingdu/main/settings.py"),
        ("identity", "src/mingdu/base/audit.py", "src/mingdu/base/identity.py"),
        ("chance", "src/mingdu/work/tasks.py", "src/mingdu/town/streams.py"),
        ("own_tables", "src/mingdu/town/tasks.py", "src/mingdu/main/check.py"),
    ],
)
def test_tells_by_the_path_where_a_thing_is_allowed(rule: str, bad: str, good: str) -> None:
    text = (
        "import os, random, time, uuid\n"
        "x = (os.environ, random.random(), time.time(), uuid.uuid4())\n"
        'y = "SELECT 1 FROM money_entry"\n'
    )
    assert [finding.path for finding in RULES[rule](Tree({bad: text}))][:1] == [bad]
    assert not list(RULES[rule](Tree({good: text})))


def test_reports_the_line_of_the_fault_inside_long_sql() -> None:
    text = 'x = 1\nSQL = """\nSELECT 1\nFROM money_entry\n"""\n'
    found = list(RULES["own_tables"](Tree({"src/mingdu/work/queries.py": text})))
    assert [finding.line for finding in found] == [4]


def test_a_docstring_may_speak_of_other_tables() -> None:
    text = '"""Ids come from money_entry: SELECT 1 FROM money_entry, now()."""\n'
    tree = Tree({"src/mingdu/work/queries.py": text})
    assert not [*RULES["own_tables"](tree), *RULES["clock_in_sql"](tree)]


def test_two_pictures_of_the_readme_are_kept_and_no_other() -> None:
    pictures = tuple(f"docs/pictures/{name}.png" for name in ("board", "case", "desk"))
    readme = " ".join(f"![a page]({picture})" for picture in pictures)
    found = RULES["binary_files"](Tree({"README.md": readme}, pictures))
    assert [finding.path for finding in found] == ["docs/pictures/desk.png"]
    found = RULES["binary_files"](Tree({"README.md": "no picture"}, pictures[:1]))
    assert [finding.path for finding in found] == ["docs/pictures/board.png"]


def test_reads_what_git_would_keep_and_tells_text_from_binary(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("*.log\n")
    (tmp_path / "left_out.log").write_text("x")
    (tmp_path / "kept.py").write_text("x = 1\n")
    (tmp_path / "picture.dat").write_bytes(b"\x89PNG\xff")
    (tmp_path / "zero.dat").write_bytes(b"a\0b")
    (tmp_path / "gone.py").write_text("x = 1\n")
    subprocess.run(["git", "add", "gone.py"], check=True, cwd=tmp_path)
    (tmp_path / "gone.py").unlink()

    tree = read_tree(tmp_path)

    assert set(tree.texts) == {".gitignore", "kept.py", "zero.dat"}
    assert [finding.path for finding in RULES["binary_files"](tree)] == ["picture.dat", "zero.dat"]
