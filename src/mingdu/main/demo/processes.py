"""The processes of a running demo: started together, stopped together, each by its own number."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from mingdu.main.environment import DependencyDown

STOP_SECONDS = 15


class ProcessEnded(DependencyDown):
    """A process of the demo ended by itself."""

    next_step = "read its log in the data folder under logs/"


@dataclass
class Processes:
    """Child processes by name."""

    logs: Path
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *arguments: str) -> None:
        """Start `mingdu …` with its output in a log file."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("ab") as log:
            self.children[name] = subprocess.Popen(
                [sys.executable, "-m", "mingdu.main.cli", *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    @property
    def pids(self) -> dict[str, int]:
        """Process numbers by name."""
        return {name: child.pid for name, child in self.children.items()}

    def refuse_ended(self) -> None:
        """Raise ProcessEnded when a child is gone."""
        for name, child in self.children.items():
            if child.poll() is not None:
                raise ProcessEnded(
                    f"{name} ended with {child.returncode}", process=name, code=child.returncode
                )

    def stop(self) -> None:
        """Ask every child to end, wait, and end by force what does not listen."""
        for child in self.children.values():
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child in self.children.values():
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
