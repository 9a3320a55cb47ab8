"""Where the rule files lie."""

from __future__ import annotations

from pathlib import Path

from mingdu.errors import TradeError


class RulesNotFound(TradeError):
    """There is no folder of rules where it was looked for."""

    next_step = "run from a checkout that has rules/, or name the folder"


def find_rules_folder(folder: Path | None = None) -> Path:
    """
    Return the folder rules/: the one named, else that at the root of this checkout.

    raises  RulesNotFound
    """
    found = Path(__file__).resolve().parents[3] / "rules" if folder is None else folder
    if not found.is_dir():
        raise RulesNotFound(f"no folder {found}", folder=str(found))
    return found
