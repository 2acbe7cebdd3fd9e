"""Pages in a real Chromium, through Playwright; skips where there is no browser or no package.

with chromium() as browser:
    page = open_page(browser, path.as_uri())
    page.keyboard.press("Enter")
    assert complaints(page) == []
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
NEVER = 600_000
"""Timeout in milliseconds for something that hangs: long, because the machine may be busy."""

_complaints: WeakKeyDictionary[Any, list[str]] = WeakKeyDictionary()
_requests: WeakKeyDictionary[Any, list[str]] = WeakKeyDictionary()


def find() -> str | None:
    """Path of a Chromium or Chrome; None without one, or without Playwright."""
    if importlib.util.find_spec("playwright") is None:
        return None
    return next((path for path in map(shutil.which, NAMES) if path), None)


@contextmanager
def chromium() -> Iterator[Any]:
    """A running browser, as Playwright's `Browser`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find(), args=list(FLAGS), timeout=NEVER
        )
        try:
            yield browser
        finally:
            browser.close()


def open_page(
    browser: Any, uri: str, *, width: int = 1280, height: int = 800, dark: bool = False,
    before: str = "",
) -> Any:  # fmt: skip
    """Open a page, as Playwright's `Page`, and wait until it has loaded.

    Args:
        browser: from `chromium`.
        uri: address of the page.
        width: of the window in pixels; below 600 it is a phone with a touch screen.
        height: of the window in pixels.
        dark: whether the reader prefers dark colours.
        before: a script that runs before those of the page.
    """
    phone = width < 600
    context = browser.new_context(
        viewport={"width": width, "height": height}, is_mobile=phone, has_touch=phone,
        color_scheme="dark" if dark else "light",
    )  # fmt: skip
    page = context.new_page()
    page.set_default_timeout(NEVER)
    heard, asked = [], []
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("console", lambda message: heard.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    _complaints[page], _requests[page] = heard, asked
    if before:
        page.add_init_script(before)
    page.goto(uri)
    return page


def complaints(page: Any) -> list[str]:
    """Exceptions of the page, and all console messages, such as violations of its policy."""
    return _complaints[page]


def requests(page: Any) -> list[str]:
    """Addresses that the page requested, itself included."""
    return _requests[page]


def wait(page: Any, condition: str) -> None:
    """Wait until a JavaScript expression is true."""
    while not page.evaluate(condition):
        page.wait_for_timeout(10)


def touch(page: Any, *moments: list[tuple[float, float]]) -> None:
    """Put fingers down at the points of the first moment, move through the others, and lift."""
    session = page.context.new_cdp_session(page)
    for number, places in enumerate(moments):
        session.send(
            "Input.dispatchTouchEvent",
            {
                "type": "touchMove" if number else "touchStart",
                "touchPoints": [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)],
            },
        )
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
