"""A real server in a process of its own, on a real port, with clients of each role."""

import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

PLAN: dict[str, Any] = {
    "participant": "",
    "foreign": False,
    "protocol": "free",
    "devices": ["synthetic:"],
    "model": "",
    "use": {"setting": "clinic", "purpose": "research", "grounds": ""},
    "consent": {
        "recording": True,
        "estimates": True,
        "sharing": False,
        "document": "C-2",
        "keep_days": 30,
    },
    "rest_from": "",
}


@dataclass
class Served:
    """A running ``wearaffect serve``."""

    process: subprocess.Popen[str]
    root: Path
    log: Path
    said: str = ""
    clients: dict[str, httpx.Client] = field(default_factory=dict)
    opened: list[httpx.Client] = field(default_factory=list)

    @property
    def address(self) -> str:
        return re.search(r"(http://127\.0\.0\.1:\d+)/#token", self.said)[1]

    @property
    def host(self) -> str:
        return self.address.removeprefix("http://")

    def fresh(self, **headers: str) -> httpx.Client:
        """A browser that has never been here."""
        browser = httpx.Client(base_url=self.address, headers=headers, timeout=60, trust_env=False)
        self.opened.append(browser)
        return browser

    def token(self, role: str) -> str:
        found = self["operator"].post("/api/invite", json={"role": role}).json()["url"]
        return found.partition("#token=")[2]

    def __getitem__(self, role: str) -> httpx.Client:
        """A browser that has entered."""
        if role not in self.clients:
            token = re.search(r"/#token=(\S+)", self.said)[1]
            if role != "operator":
                token = self.token(role)
            client = self.clients[role] = self.fresh()
            assert client.post("/api/enter", json={"token": token}).json() == {"role": role}
        return self.clients[role]

    def prepare(self, **changes: Any) -> httpx.Response:
        """Begin a sitting."""
        operator = self["operator"]
        code = operator.post("/api/codes/next", json={"site": "P"}).json()["code"]
        return operator.post("/api/sitting", json=PLAN | {"participant": code} | changes)

    def act(self, act: str, **fields: Any) -> httpx.Response:
        return self["operator"].post("/api/sitting/acts", json={"act": act} | fields)

    def socket(self, role: str, **headers: str) -> ClientConnection:
        """A page's socket."""
        cookies = "; ".join(f"{name}={value}" for name, value in self[role].cookies.items())
        sent = {"Cookie": cookies, "Origin": self.address} | headers
        url = f"ws://{self.host}/api/live"
        return connect(url, additional_headers=sent, compression=None, proxy=None, close_timeout=1)

    def stop(self, number: int = signal.SIGTERM) -> str:
        for browser in self.opened:
            browser.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=60)
        self.said += rest
        return self.said

    def hear(self, word: str) -> str:
        """Read what it says up to a line that begins with a word, and give that line."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if line.startswith(word):
                return line
        self.process.wait(timeout=60)
        raise AssertionError(self.log.read_text())


def start(
    root: Path,
    *options: str,
    program: Sequence[str] = ("-m", "wearaffect.cli"),
    stdin: int = subprocess.DEVNULL,
) -> Served:
    log = root.with_name(f"{root.name}.log")
    words = [sys.executable, *program, "serve", "--session-root", str(root), "--port", "0"]
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*words, *options], stdin=stdin, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    served = Served(process, root, log)
    served.hear("Ctrl-C")
    return served
