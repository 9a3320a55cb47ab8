"""Run the benches named on the command line, or all of them; each prints its own rows."""

from __future__ import annotations

import argparse
from importlib import import_module

BENCHES = ("decode", "day_load", "bill_run", "pages", "seal_month")


def main() -> None:
    """Each bench is a module of this folder whose `main()` measures, asserts equal results and prints."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", default=BENCHES, metavar="NAME", help=", ".join(BENCHES))
    names = parser.parse_args().names
    if unknown := sorted(set(names) - set(BENCHES)):
        parser.error(f"no bench named {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    for name in names:
        print(f"== {name}", flush=True)
        import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main()
