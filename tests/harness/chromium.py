"""A real Chromium, without a window, that opens pages from files and is watched for requests and messages."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.harness.patience import LONG

Scheme = Literal["light", "dark"]

LONGEST = LONG * 1000
"""Milliseconds of each wait, in place of Playwright's own 5 to 30 s."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The distribution's own browser."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "no chromium on PATH; packaging/system-packages.sh test installs it"
    expect.set_options(timeout=LONGEST)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, timeout=LONGEST)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(
    browser: Browser, file: Path, *, width: int = 1280, scheme: Scheme = "light", scripts: bool = True
) -> Iterator[Page]:
    """The page in a file; once it is closed, nothing but it was requested, and there was no message at all."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts
    )
    context.set_default_timeout(LONGEST)
    page = context.new_page()
    requests: list[str] = []
    messages: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("dialog", lambda dialog: messages.append(dialog.message))
    try:
        page.goto(file.as_uri())
        yield page
    finally:
        context.close()
    assert (messages, [url for url in requests if not url.startswith("blob:")]) == ([], [file.as_uri()])
