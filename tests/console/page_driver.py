"""Hands and eyes on the console's pages, in a real browser."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

SERIOUS = ("serious", "critical")
SLOW_MS = 60_000


@contextmanager
def browsing() -> Iterator[Browser]:
    """Give a browser; skipped by name where there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("chromium isn't installed (packages.txt)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


class Driver:
    """One page; whatever it complains of is kept, and fails the test in the end."""

    def __init__(self, browser: Browser, address: str, **looks: Any) -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": 800}, **looks)
        self.complaints: list[str] = []
        self.page = self.open(address)

    def open(self, address: str) -> Page:
        """Open another tab of the same browser."""
        page = self.context.new_page()
        page.set_default_timeout(SLOW_MS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._heard)
        page.goto(address)
        return page

    def _heard(self, message: Any) -> None:
        # an answer that isn't 2xx is logged by the browser; pages show it, and tests look there
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            self.complaints.append(message.text)

    def press(self, name: str) -> None:
        """Press a button by the beginning of its name."""
        self.page.get_by_role("button", name=re.compile(f"^{re.escape(name)}")).last.click()

    def tick(self, words: str) -> None:
        """Tick a box or choose a card by words of its name."""
        for role in ("checkbox", "radio"):
            found = self.page.get_by_role(role, name=re.compile(re.escape(words)))
            if found.count():
                found.first.check(force=True)
                return
        pytest.fail(f"nothing to tick says {words!r}")

    def choose(self, field: str, option: str) -> None:
        self.page.get_by_role("combobox", name=field, exact=True).select_option(label=option)

    def see(self, words: str) -> None:
        """Wait until words stand somewhere on the page."""
        self.page.get_by_text(re.compile(words)).first.wait_for()

    def headed(self, words: str) -> None:
        """Wait until a heading says so."""
        self.page.get_by_role("heading", name=re.compile(words)).first.wait_for()

    def give_reason(self, words: str) -> None:
        """Fill in the dialog that asks why, and go on."""
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("textbox").fill(words)
        dialog.get_by_role("button").last.click()
        dialog.wait_for(state="hidden")

    def require_accessible(self) -> None:
        """Fail on a serious violation of what axe-core checks."""
        found = Axe().run(self.page).response["violations"]
        serious = [
            f"{v['id']}: {v['nodes'][0]['html'][:150]}" for v in found if v["impact"] in SERIOUS
        ]
        assert serious == []
