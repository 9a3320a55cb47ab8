"""Reads rules/ and meters/ into core's dataclasses and tells which rules hold on a day."""

from mingdu.rulebook.folders import RulesNotFound, find_rules_folder

__all__ = ["RulesNotFound", "find_rules_folder"]
