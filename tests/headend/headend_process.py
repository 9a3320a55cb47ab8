"""The head end as a process of its own, started by its command, to be stopped or killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

COMMAND = "import sys; from mingdu.main.cli.headend import headend; headend(int(sys.argv[1]))"


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@contextmanager
def head_end_process(url: str, port: int) -> Iterator[subprocess.Popen[str]]:
    """Run `mingdu headend` until the block ends; it listens when the block begins."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(port)],
        env=os.environ | {"DATABASE_URL": url, "MINGDU_LOG": "json"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        while "listening port=" not in (line := process.stdout.readline()):
            assert line, "the head end ended before it listened"
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
