"""`python -m mingdu.main.cli`: the same as `mingdu`."""

from __future__ import annotations

from . import main

main()
