"""Faults of shape: too long, too wide, too deep, too open."""

from __future__ import annotations

from tidy.planted import Planted


def lines(count: int, indent: str = "") -> str:
    """That many lines that do next to nothing."""
    return "".join(f"{indent}x = {number}\n" for number in range(count))


def decisions(count: int) -> str:
    """A function that takes that many decisions beside each other."""
    return "def f(x):\n" + "".join(f"    if x == {number}:\n        x += 1\n" for number in range(count))


def nested(depth: int) -> str:
    """A function with that many blocks inside each other."""
    rows = ["def f(x):", *(f"{'    ' * level}if x > {level}:" for level in range(1, depth + 1))]
    return "\n".join([*rows, "    " * (depth + 1) + "x += 1"]) + "\n"


SHAPE = (
    Planted("file_length", "a file of 401 lines", "src/mingdu/core/a.py", lines(401), lines(400)),
    Planted("file_length", "a long test", "tests/core/test_a.py", lines(401), lines(400)),
    Planted(
        "body_length",
        "a body of 61 lines",
        "src/mingdu/core/a.py",
        "def f():\n" + lines(61, "    "),
        'def f():\n    """\n' + "    Long.\n" * 30 + '    """\n' + lines(60, "    "),
    ),
    Planted("branches", "nine ifs", "src/mingdu/core/a.py", decisions(9), decisions(8)),
    Planted(
        "branches",
        "cases of a match count one by one",
        "src/mingdu/core/a.py",
        "def f(x):\n    match x:\n"
        + "".join(f"        case {n}:\n            return {n}\n" for n in range(9)),
        "NEXT = {n: n for n in range(9)}\ndef f(x):\n    return NEXT[x]\n",
    ),
    Planted(
        "arguments",
        "seven arguments, keywords counted",
        "src/mingdu/core/a.py",
        "def f(a, b, c, *, d, e, f, g): ...\n",
        "class A:\n    def f(self, a, b, c, *, d, e, f): ...\n",
    ),
    Planted("nesting", "four deep", "src/mingdu/core/a.py", nested(4), nested(3)),
    Planted(
        "nesting",
        "a loop in a try in a with in an elif",
        "src/mingdu/core/a.py",
        """
        def f(x):
            if x:
                pass
            elif x is None:
                with x:
                    try:
                        for y in x:
                            print(y)
                    finally:
                        pass
        """,
        """
        def f(x):
            if x:
                pass
            elif x == 1:
                pass
            elif x == 2:
                pass
            elif x == 3:
                for y in x:
                    print(y)
        """,
    ),
    Planted(
        "open_arguments",
        "an operation with **kwargs",
        "src/mingdu/work/operations.py",
        "def open_task(*, by, **details): ...\n",
        "def open_task(*, by, details): ...\ndef _pass_on(*parts): ...\n",
    ),
    Planted(
        "open_arguments",
        "a query with *args in a package",
        "src/mingdu/work/queries/board.py",
        "def tasks(*units): ...\n",
        "def tasks(units): ...\n",
    ),
    Planted(
        "keyword_only",
        "an operation called by position",
        "src/mingdu/work/operations.py",
        "def open_task(order, by): ...\n",
        "def open_task(order, *, by): ...\ndef _row(kind): ...\n",
    ),
    Planted(
        "module_docstring",
        "a file that says nothing of itself",
        "src/mingdu/core/a.py",
        "x = 1\n",
        '"""Holds x."""\nx = 1\n',
    ),
)
