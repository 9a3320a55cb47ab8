"""What is committed: text of our own that holds on any machine, and rule files that say what they are."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from tidy.tree import Finding, Tree

MACHINE = re.compile(
    r"(?<![\w.:/-])/(?:work|workspace)/[\w.-]"
    r"|file:///"
    r"|(?:pypi\.org|files\.pythonhosted\.org|registry\.(?:npmjs\.org|npmmirror\.com|yarnpkg\.com))"
    r"|(?:mirrors?\.[\w.-]+/pypi)"
    r"|^\s*(?:-i|--index-url|--extra-index-url|--find-links|--trusted-host)\b",
    re.MULTILINE,
)
# Tests may invent a person's home; elsewhere a home is somebody's.
HOME = re.compile(r"(?<![\w.:/-])/(?:root|home/\w+|Users/\w+)/[\w.-]")
BUILT = re.compile(r".*\.(min\.(js|css)|map|ttf|otf|woff2?|eot|whl|jar|so|dll|exe|pyc|mo|zip|gz|xz)")
# `make shots` takes these, and sees to it that each has at most 200 kB.
PICTURE = re.compile(r"docs/pictures/[a-z-]+\.png")
PICTURES_MOST = 2
SCHEMA = re.compile(r"mingdu/[a-z][a-z0-9-]*/[1-9][0-9]*")


def machine_paths(tree: Tree) -> Iterator[Finding]:
    """No path of one machine and no address of a package registry."""
    for path, text in tree.texts.items():
        # The planted faults of tests/tidy are let be.
        if path.startswith("tests/tidy/"):
            continue
        homes = [] if path.startswith("tests/") else HOME.finditer(text)
        for match in (*MACHINE.finditer(text), *homes):
            line = text[: match.start()].count("\n") + 1
            fault = f"{match[0].strip()} is a path or registry of one machine"
            yield Finding(path, line, fault, "take it from the environment or from the machine's settings")


def binary_files(tree: Tree) -> Iterator[Finding]:
    """No font, archive, built asset or other binary is committed; the README's few pictures are."""
    built = [path for path in tree.texts if BUILT.fullmatch(path)]
    readme = tree.texts.get("README.md", "")
    shown = [path for path in tree.binaries if PICTURE.fullmatch(path) and f"({path})" in readme]
    for path in sorted({*tree.binaries, *built} - set(shown[:PICTURES_MOST])):
        yield Finding(path, 1, "a binary or built file", "make it at set-up from what is committed")


def rule_files(tree: Tree) -> Iterator[Finding]:
    """Every file of rules/ and meters/ loads and names its schema."""
    for path, text in tree.texts.items():
        if not path.startswith(("rules/", "meters/")) or not path.endswith((".yaml", ".yml")):
            continue
        try:
            content = yaml.safe_load(text)
        except yaml.YAMLError as problem:
            yield Finding(path, 1, f"does not load: {problem}", "write valid YAML")
            continue
        if not (isinstance(content, dict) and SCHEMA.fullmatch(str(content.get("schema")))):
            yield Finding(path, 1, "names no schema", "begin with `schema: mingdu/<kind>/1`")
