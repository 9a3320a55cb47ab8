"""What a reader's day needs: a spoilt network, the office, a phone that can be killed, a picture."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
from playwright.sync_api import BrowserContext, Error, Page, expect

from journeys.browser import FLAGS, PATIENCE_MS, PHONE, Complaints, chromium_path, driver
from journeys.demo_system import DemoSystem

# A route's stop as the API gives it.
Stop = dict[str, Any]
PIN = "246810"
NEWER = '<meta name="build" content="newer">'
NOT_FORWARDED = {
    "host", "connection", "accept-encoding", "content-encoding", "content-length", "transfer-encoding",
    "date", "server",
}  # fmt: skip
# What a phone's console may say while its line is down or its office busy.
EXPECTED_SAYINGS = ("ERR_INTERNET_DISCONNECTED", "status of 503")


class Gate(ThreadingHTTPServer):
    """
    Stands between the phone and the demo, as a network and a deployment would.

    is_newer    a newer build is served: another shell, and a worker that names it
    is_busy     the API answers that it has no time; files still come
    is_expired  the API knows no session
    """

    is_newer = is_busy = is_expired = False

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), Forward)
        self.behind = httpx.Client(base_url=behind, timeout=60)

    @property
    def home(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def refusal(self, path: str) -> int | None:
        if not path.startswith("/api/") or path == "/api/v1/sign-in":
            return None
        return 503 if self.is_busy else 401 if self.is_expired else None

    def as_built(self, path: str, content: bytes) -> bytes:
        """Return the content of the newer build where it differs: the shell, and its hash in the worker."""
        if not self.is_newer or path not in ("/f/", "/f/sw.js"):
            return content
        shell = self.behind.get("/f/").content
        newer = shell.replace(b"<head>", b"<head>" + NEWER.encode())
        if path == "/f/":
            return newer
        hashes = [hashlib.sha256(each).hexdigest().encode() for each in (shell, newer)]
        assert hashes[0] in content
        return content.replace(*hashes)


class Forward(BaseHTTPRequestHandler):
    """Hands a request on, and the answer back."""

    server: Gate

    def do_GET(self) -> None:
        self._forward()

    def do_POST(self) -> None:
        self._forward()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        refusal = self.server.refusal(self.path)
        if refusal:
            self._answer(refusal, {"Content-Type": "application/problem+json"}, b'{"code":"NotSignedIn"}')
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() not in NOT_FORWARDED}
        got = self.server.behind.request(self.command, self.path, content=body, headers=headers)
        kept = {name: value for name, value in got.headers.items() if name not in NOT_FORWARDED}
        self._answer(got.status_code, kept, self.server.as_built(self.path, got.content))

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@dataclass
class Office:
    """The people of the demo, asked over HTTP."""

    system: DemoSystem

    def __post_init__(self) -> None:
        self.home = self.system.demo_json["urls"]["home"]
        self.passwords = {one["login"]: one["password"] for one in self.system.demo_json["accounts"]["staff"]}
        self.tokens: dict[str, str] = {}

    def get(self, path: str, who: str) -> Any:
        answer = httpx.get(f"{self.home}api/v1/{path}", headers=self._headers(who), timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, who: str, body: Any) -> Any:
        """Send something; returns what is answered, None without any."""
        address = f"{self.home}api/v1/{path}"
        answer = httpx.post(address, json=body, headers=self._headers(who), timeout=60)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def _headers(self, who: str) -> dict[str, str]:
        if who not in self.tokens:
            signing = {"login": who, "password": self.passwords[who]}
            self.tokens[who] = httpx.post(f"{self.home}api/v1/sign-in", json=signing).json()["token"]
        return {"Authorization": f"Bearer {self.tokens[who]}"}

    def send_reader(self) -> list[Stop]:
        """Order re-reads at the engineer's desk; returns the reader's route."""
        desk = httpx.Client(base_url=self.home, follow_redirects=True, timeout=60)
        page = desk.get("console/sign-in/").text
        proof = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert proof
        signing = {
            "login": "engineer",
            "password": self.passwords["engineer"],
            "csrfmiddlewaretoken": proof[1],
        }
        desk.post("console/sign-in/", data=signing)
        for finding in self.get("findings?most=100", "clerk"):
            desk.post(
                f"console/readings/{finding['id']}/reread/",
                data={"csrfmiddlewaretoken": desk.cookies["csrftoken"]},
            )
        route: list[Stop] = self.get("rounds/route", "reader")
        return route

    def on_file(self, stop: Stop) -> dict[str, str]:
        """Return what the registers showed at the asked instant, as the office knows it."""
        day = stop["read_at"][:10]
        found = self.get(f"accounts/{stop['usage_point'][1:]}/readings?from={day}&to={day}", "clerk")
        return {each["register"]: each["value"] for each in found if each["read_at"] == stop["read_at"]}

    def readable(self, route: list[Stop]) -> list[Stop]:
        """Return the stops whose registers are all on file, so that the reader has something true to read."""
        return [stop for stop in route if set(stop["registers"]) <= set(self.on_file(stop))]

    def acts(self, task_id: int) -> list[str]:
        """Return what readers did at a task, by the audit."""
        acts = self.get(f"audit?target=task:{task_id}", "admin")
        return sorted(act["verb"] for act in acts if act["verb"].startswith("rounds."))

    def outcome(self, task_id: int) -> str:
        return str(self.get(f"tasks/{task_id}", "manager")["outcome"])

    def until_outcome(self, task_id: int, outcome: str, page: Page) -> None:
        """Wait, as long as a person would, until a task has ended so."""
        for _ in range(PATIENCE_MS // 250):
            if self.outcome(task_id) == outcome:
                return
            page.wait_for_timeout(250)
        raise AssertionError(f"task {task_id}: {self.outcome(task_id)!r} instead of {outcome!r}")


@dataclass
class Phone:
    """A browser with a profile folder that outlives its process."""

    gate: Gate
    profile: Path
    context: BrowserContext
    page: Page
    complaints: Complaints

    def sign_in(self, password: str) -> None:
        page = self.page
        page.goto("/f/")
        page.get_by_label("账号").fill("reader")
        page.get_by_label("密码").fill(password)
        page.get_by_label("PIN 或口令").fill(PIN)
        page.get_by_label("再输一遍 PIN").fill(PIN)
        page.get_by_role("button", name="登录并设置 PIN").tap()
        expect(page.get_by_text("路线更新于")).to_be_visible()
        self.wait_for_worker()

    def wait_for_worker(self) -> None:
        """Wait until the app is kept on the phone."""
        self.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")

    def kill(self) -> None:
        """End the browser as an empty battery would."""
        own = [each for each in psutil.process_iter(["cmdline"]) if self._is_own(each)]
        assert own
        for each in own:
            os.kill(each.pid, signal.SIGKILL)
        psutil.wait_procs(own, timeout=20)

    def _is_own(self, process: psutil.Process) -> bool:
        words = process.info["cmdline"] or []
        is_main = not any(word.startswith("--type=") for word in words)
        return is_main and f"--user-data-dir={self.profile}" in words

    def unlock(self, pin: str = PIN) -> None:
        self.page.get_by_label("输入 PIN").fill(pin)
        self.page.get_by_role("button", name="打开").tap()

    def type_value(self, value: str) -> None:
        keypad = self.page.get_by_role("group", name="数字键盘")
        for key in value:
            keypad.get_by_role("button", name="小数点" if key == "." else key, exact=True).tap()

    def open_stop(self, stop: Stop) -> None:
        self.page.locator(f"a[href='/f/stop/{stop['task_id']}']").tap()
        expect(self.page.get_by_role("heading", name=stop["meter_number"])).to_be_visible()

    def enter(self, values: dict[str, str], registers: list[str]) -> None:
        for register in registers:
            self.type_value(values[register])
            if register != registers[-1]:
                self.page.get_by_role("button", name="下一项").tap()
        self.page.get_by_role("button", name="保存", exact=True).tap()

    def expect_unsent(self, count: int) -> None:
        expect(self.page.get_by_text(f"{count} 条未上传", exact=True)).to_be_visible()


@contextmanager
def started_phone(gate: Gate, profile: Path, *, offline: bool = False) -> Iterator[Phone]:
    with driver() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=chromium_path(), headless=True, args=list(FLAGS), base_url=gate.home,
            viewport={"width": PHONE["width"], "height": PHONE["height"]}, locale="zh-CN",
            timezone_id="Asia/Shanghai", is_mobile=True, has_touch=True, offline=offline,
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page = context.pages[0]
        phone = Phone(gate, profile, context, page, Complaints(page, gate.home))
        try:
            yield phone
            assert [said for said in phone.complaints.said if not _is_expected(said)] == []
        finally:
            # A phone that was killed is closed already.
            with suppress(Error):
                context.close()


def _is_expected(said: str) -> bool:
    return any(each in said for each in EXPECTED_SAYINGS)


def noisy_picture(path: Path, width: int = 1600, height: int = 1200) -> Path:
    """Write a PNG of some megabytes that no compression makes small."""
    noise = np.random.default_rng(1).integers(0, 256, (height, 1 + 3 * width), dtype=np.uint8)
    noise[:, 0] = 0

    def part(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(noise.tobytes(), 1)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", body) + part(b"IEND", b""))
    return path
