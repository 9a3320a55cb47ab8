"""Who takes which part of a registry file (registry.json): every subject that registers adds its loader."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from mingdu.base.actors import Actor
from mingdu.errors import TradeError

# A loader takes its part of the registry and tells how many rows it holds; the same again changes nothing.
Loader = Callable[[dict[str, Any], Actor, datetime], int]

_loaders: dict[str, Loader] = {}


class NotARegistry(TradeError):
    """The file is no JSON object."""

    next_step = "use the registry.json that `mingdu town build` writes, or its form"


class LoaderTwice(TradeError):
    """Two loaders of one name."""

    next_step = "give each loader its own name"


def register_registry_loader(name: str, loader: Loader) -> None:
    """
    Add a loader; they run in the order in which they were added, all in one transaction.

    raises  LoaderTwice: the name is taken by another loader
    """
    if _loaders.get(name, loader) is not loader:
        raise LoaderTwice(f"a loader {name} exists", loader=name)
    _loaders[name] = loader


def load_registry(registry: dict[str, Any], by: Actor, at: datetime) -> dict[str, int]:
    """Hand the registry to every loader; returns what each told. When one refuses, nothing of it stands."""
    # Django is loaded by then; the command line itself starts without it.
    from django.db import transaction

    with transaction.atomic():
        return {name: loader(registry, by, at) for name, loader in _loaders.items()}


def read_registry(path: Path) -> dict[str, Any]:
    """
    Read a registry file.

    raises  NotARegistry
    """
    try:
        registry = json.loads(path.read_text("utf-8-sig"))
    except ValueError as cause:
        raise NotARegistry(f"{path.name} is not JSON: {cause}", file=path.name) from cause
    if not isinstance(registry, dict):
        raise NotARegistry(f"{path.name} holds no object", file=path.name)
    return registry
