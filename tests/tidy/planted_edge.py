"""Faults of the edge: clock, chance, identity, environment, wide excepts, model look-ups."""

from __future__ import annotations

from tidy.planted import Planted

WORK = "src/mingdu/work/operations.py"

EDGE = (
    Planted(
        "clock",
        "datetime.now",
        WORK,
        "from datetime import datetime\nx = datetime.now(UTC)\n",
        "def f(*, now): ...\n",
    ),
    Planted(
        "clock",
        "date.today under another name",
        WORK,
        "import datetime as d\nx = d.date.today()\n",
        "import datetime as d\nx = d.date(2026, 12, 1)\n",
    ),
    Planted(
        "clock", "time.time", WORK, "import time\nx = time.time()\n", "import time\nx = time.monotonic()\n"
    ),
    Planted("clock", "time.time imported", WORK, "from time import time\n", "from time import monotonic\n"),
    Planted(
        "clock",
        "a default of a model",
        "src/mingdu/work/models.py",
        "from django.utils import timezone\nx = DateTimeField(default=timezone.now)\n",
        "x = DateTimeField()\n",
    ),
    Planted(
        "clock",
        "auto_now_add",
        "src/mingdu/work/models.py",
        "x = DateTimeField(auto_now_add=True)\n",
        "x = DateTimeField()\n",
    ),
    Planted(
        "clock_in_sql",
        "now()",
        WORK,
        'x = "UPDATE work_task SET at = now()"\n',
        'x = "UPDATE work_task SET at = %(now)s"\n',
    ),
    Planted(
        "clock_in_sql",
        "a default in a file",
        "src/mingdu/work/migrations/bulk.sql",
        "CREATE TABLE work_log (at timestamptz DEFAULT CURRENT_TIMESTAMP);",
        "CREATE TABLE work_log (at timestamptz NOT NULL);",
    ),
    Planted(
        "chance",
        "numpy.random",
        WORK,
        "import numpy as np\nx = np.random.default_rng(1)\n",
        "import numpy as np\nx = np.arange(3)\n",
    ),
    Planted("chance", "random", WORK, "from random import choice\n", "from itertools import count\n"),
    Planted(
        "identity", "uuid4", WORK, "import uuid\nx = uuid.uuid4()\n", "import uuid\nx = uuid.UUID(int=1)\n"
    ),
    Planted(
        "identity",
        "uuid4 as a default",
        "src/mingdu/work/models.py",
        "from uuid import uuid4\n",
        "from uuid import UUID\n",
    ),
    Planted("environment", "os.environ", WORK, "import os\nx = os.environ['A']\n", "import os\nx = os.sep\n"),
    Planted("environment", "os.getenv", WORK, "from os import getenv\n", "from os import sep\n"),
    Planted(
        "model_lookup",
        "get_model",
        WORK,
        "from django.apps import apps\nx = apps.get_model('metering', 'Meter')\n",
        "from mingdu.metering import queries\n",
    ),
    Planted(
        "wide_except",
        "a bare except",
        WORK,
        "try:\n    f()\nexcept:\n    pass\n",
        "try:\n    f()\nexcept KeyError:\n    pass\n",
    ),
    Planted(
        "wide_except",
        "in a tuple",
        WORK,
        "try:\n    f()\nexcept (KeyError, Exception):\n    pass\n",
        "try:\n    f()\nexcept (KeyError, OSError):\n    pass\n",
    ),
    Planted(
        "wide_except",
        "suppressed",
        WORK,
        "from contextlib import suppress\nwith suppress(Exception):\n    f()\n",
        "from contextlib import suppress\nwith suppress(KeyError):\n    f()\n",
    ),
    Planted(
        "wide_except",
        "an excuse away from the edge",
        WORK,
        "try:\n    f()\nexcept Exception:  # edge: it must go on\n    pass\n",
        "try:\n    f()\nexcept OSError:  # edge: it must go on\n    pass\n",
    ),
    Planted(
        "wide_except",
        "at the edge without a reason",
        "src/mingdu/headend/listener.py",
        "try:\n    f()\nexcept Exception:\n    pass\n",
        "try:\n    f()\nexcept Exception:  # edge: one session's failure must not end the others\n    pass\n",
    ),
)
