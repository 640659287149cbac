"""A real browser for the tests of pages: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

SIZES = {"desk": (1366, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window; where it is not installed, the test is skipped.

    Playwright keeps an event loop running in the thread, in which tests of other modules could run none.
    """
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("needs Chromium: apt install chromium fonts-noto-core")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()
