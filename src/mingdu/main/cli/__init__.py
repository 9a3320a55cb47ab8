"""The command line of Mingdu."""

from .app import main

__all__ = ["main"]
