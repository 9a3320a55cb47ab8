"""Every number and list that the rules use, in one place. Numbers only fall."""

from __future__ import annotations

FILE_LINES = 400
BODY_LINES = 60
BRANCHES = 8
ARGUMENTS = 6
NESTING = 3

# Layers without tables of their own; `headend` writes metering's tables, and only in its store.
LAYERS_WITHOUT_TABLES = ("errors", "core", "wire", "rulebook", "headend", "faces", "town", "main")

# Parts of the layer faces whose names start URLs and templates.
FACES = ("console", "customer", "field", "api")

# Words that say nothing: anywhere in a name, or as its whole or last word.
EMPTY_WORDS = ("util", "utils", "helper", "helpers", "misc", "data2")
EMPTY_LAST_WORDS = ("flag", "common", "manager", "managers")

# Where money is counted and rated: no float at all. In the rest of the house only the names are watched.
FLOATLESS_FOLDERS = ("src/mingdu/core/", "src/mingdu/money/", "src/mingdu/billing/")

# Folders of tests/ that mirror no layer.
OTHER_TEST_FOLDERS = ("tidy", "journeys", "golden", "fixtures")

# What an operation acts on may stand before the `*` (STYLE 12): a conn and a thing, or a thing and a value.
LEADING_ARGUMENTS = 2
