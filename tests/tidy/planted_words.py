"""Faults of words and numbers: empty names, promises, floats; and tests with bad manners."""

from __future__ import annotations

from tidy.planted import Planted

RATING = "src/mingdu/core/rating.py"
PLAN_TEST = "tests/work/test_plan.py"

WORDS = (
    Planted(
        "empty_names", "a function", "src/mingdu/core/a.py", "def bill_helper(): ...\n", "def bill(): ...\n"
    ),
    Planted(
        "empty_names", "a second try", "src/mingdu/core/a.py", "def load_data2(): ...\n", "def load(): ...\n"
    ),
    Planted(
        "empty_names",
        "a class; Django's own word stays",
        "src/mingdu/work/models.py",
        "class TaskManager: ...\n",
        "class TaskManager(models.Manager): ...\ndef task_manager(): ...\n",
    ),
    Planted(
        "unfinished_words", "a promise", "src/mingdu/core/a.py", "x = 1  # TODO mend\n", "x = 1  # why\n"
    ),
    Planted(
        "unfinished_words",
        "in a template",
        "src/mingdu/work/templates/work/a.html",
        "{# FIXME #}",
        "{# why #}",
    ),
    Planted(
        "unfinished_words",
        "a stub",
        "src/mingdu/core/a.py",
        "def f():\n    raise NotImplementedError\n",
        "def f():\n    raise NotBcd(1)\n",
    ),
    Planted("float_arithmetic", "a literal", RATING, "x = fen * 1.05\n", "x = fen * 105 // 100\n"),
    Planted("float_arithmetic", "a conversion", RATING, "x = float(fen)\n", "x = int(fen)\n"),
    Planted(
        "float_arithmetic",
        "a float column",
        "src/mingdu/money/queries.py",
        "import numpy as np\nx = fen.astype(np.float64)\n",
        "import numpy as np\nx = fen.astype(np.int64)\n",
    ),
    Planted(
        "float_arithmetic",
        "a float field",
        "src/mingdu/billing/models.py",
        "from django.db import models\nx = models.FloatField()\n",
        "from django.db import models\nx = models.BigIntegerField()\n",
    ),
    Planted(
        "float_names",
        "an argument",
        "src/mingdu/work/a.py",
        "def f(amount_fen: float): ...\n",
        "def f(amount_fen: int): ...\n",
    ),
    Planted(
        "float_names",
        "a qualifier after the unit",
        "src/mingdu/work/a.py",
        "energy_wh_max: float | None = None\n",
        "wait_seconds: float = 1\n",
    ),
    Planted(
        "float_names",
        "an answer",
        "src/mingdu/work/a.py",
        "def price_nyuan_per_kwh() -> float: ...\n",
        "def price_nyuan_per_kwh() -> int: ...\n",
    ),
    Planted(
        "float_names",
        "a column",
        "src/mingdu/work/a.py",
        "def f(energy_wh: NDArray[np.float64]): ...\n",
        "def f(energy_wh: Ints): ...\n",
    ),
    Planted(
        "skips_and_patches",
        "a skip",
        PLAN_TEST,
        "import pytest\n@pytest.mark.skip\ndef test_a(): ...\n",
        "def test_a(): ...\n",
    ),
    Planted(
        "skips_and_patches", "a quiet skip", PLAN_TEST, "from pytest import importorskip\n", "import numpy\n"
    ),
    Planted(
        "skips_and_patches",
        "a patch",
        PLAN_TEST,
        "from unittest.mock import patch\n",
        "from unittest import TestCase\n",
    ),
    Planted(
        "sleeps",
        "a sleep",
        PLAN_TEST,
        "from time import sleep\nsleep(1)\n",
        "import asyncio\nasyncio.sleep(0)\n",
    ),
    Planted("numbered_names", "numbers for names", PLAN_TEST, "account1 = 1\n", "silent_account = 1\n"),
)
