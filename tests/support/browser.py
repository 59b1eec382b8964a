"""A real Chromium for the browser tests: the system's, or one that is fetched.

`python -m support.browser` makes sure that there is one and says in one line what it did.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright
from playwright.sync_api import sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
"""Chromium refuses its own sandbox to root, as whom containers run tests."""


def system_browser() -> str | None:
    """VENTANILLA_BROWSER, or what the system has installed."""
    return os.environ.get("VENTANILLA_BROWSER") or next(filter(None, map(shutil.which, _NAMES)), None)


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """A headless browser, closed at the end."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=system_browser(), args=_ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


def ensure_browser() -> str:
    """Get one where there is none. Returns what was done. Raises `RuntimeError` with the reason."""
    if found := system_browser():
        return f"browser tests use {found}"
    if (downloaded := _downloaded()) is not None:
        return f"browser tests use {downloaded}"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _run("apt-get", "-qq", "update")
        _run("apt-get", "-qq", "install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core")
        return f"browser tests use {system_browser()}, installed with apt-get just now"
    _run(sys.executable, "-m", "playwright", "install", "chromium")
    return f"browser tests use {_downloaded()}, downloaded by Playwright just now"


def _downloaded() -> Path | None:
    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.exists() else None


def _run(*command: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[-500:]}")


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{ensure_browser()}\n")
    except RuntimeError as error:
        sys.exit(f"no browser for the tests: {error}\nInstall Chromium, or set VENTANILLA_BROWSER to one.")
