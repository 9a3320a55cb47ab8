"""A demo of one's own for journeys: its data folder, its ports, its processes, all gone at the end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

READY_SECONDS = 240
STOP_SECONDS = 60


@dataclass
class DemoSystem:
    """One data folder in which `mingdu` runs."""

    data: Path
    environment: dict[str, str]
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def run(self, *arguments: str, seconds: float = READY_SECONDS) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "mingdu.main.cli", *arguments],
            env=self.environment, capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip

    def start(self, *arguments: str) -> tuple[subprocess.Popen[str], str]:
        """Start `mingdu demo` and wait for READY; returns the process and what it printed until then."""
        process = subprocess.Popen(
            [sys.executable, "-m", "mingdu.main.cli", "demo", *arguments],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.started.append(process)
        assert process.stdout is not None
        printed = []
        for line in process.stdout:
            printed.append(line)
            if line.startswith("READY "):
                return process, "".join(printed)
        raise AssertionError(f"the demo ended before it was ready:\n{''.join(printed)}\n{self.logs()}")

    def interrupt(self, process: subprocess.Popen[str]) -> int:
        """Send SIGINT and return the exit code."""
        process.send_signal(signal.SIGINT)
        return process.wait(STOP_SECONDS)

    @property
    def demo_json(self) -> dict[str, Any]:
        """What the running demo says of itself."""
        found: dict[str, Any] = json.loads((self.data / "demo.json").read_text())
        return found

    def logs(self) -> str:
        """The ends of all logs, for a failure's message."""
        logs = sorted((self.data / "logs").glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text()[-2000:]}" for log in logs)


@contextmanager
def demo_system(points: int) -> Iterator[DemoSystem]:
    """Give a fresh data folder with free ports; at the end nothing of it runs or lies about."""
    root = Path("/var/lib/mingdu")
    parent = root if os.geteuid() == 0 and root.is_dir() else None
    data = Path(tempfile.mkdtemp(prefix="mgj", dir=parent))
    data.chmod(0o711)
    http, headend = _free_ports(2)
    environment = {
        **os.environ,
        "MINGDU_DATA": str(data),
        "MINGDU_HTTP_PORT": str(http),
        "MINGDU_HEADEND_PORT": str(headend),
        "MINGDU_TOWN_POINTS": str(points),
    }
    system = DemoSystem(data, environment)
    try:
        yield system
    finally:
        for process in system.started:
            if process.poll() is None:
                system.interrupt(process)
        system.run("db", "stop")
        shutil.rmtree(data, ignore_errors=True)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
