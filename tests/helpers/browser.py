"""A real Chromium without a window, driven over its debugging pipe: nothing to install for it.

    with Browser(folder) as browser:
        page = browser.open(path.as_uri())
        page.type("king")
        page.press("Enter")
        page.evaluate("document.title")

Commands are those of https://chromedevtools.github.io/devtools-protocol, as JSON with a zero byte
behind each, on descriptors 3 and 4 of the browser.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SECONDS = 60
KEYS = {
    "Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40,
    "Tab": 9,
}  # fmt: skip
CTRL = 2

# Descriptors are moved out of the way before they become 3 and 4.
_START = """
import fcntl, os, sys
r, w = (fcntl.fcntl(int(fd), fcntl.F_DUPFD, 10) for fd in sys.argv[1:3])
os.dup2(r, 3), os.dup2(w, 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""


def find() -> str | None:
    """The path of a Chromium or Chrome; None where there is none, or no POSIX."""
    return next((path for path in map(shutil.which, NAMES) if path), None) if _POSIX else None


_POSIX = os.name == "posix"


class Browser:
    """One process; `profile` is an empty folder for it."""

    def __init__(self, profile: Path) -> None:
        executable = find()
        assert executable is not None
        command = [
            executable, "--headless", "--disable-gpu", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", "--disable-quic",
            "--hide-scrollbars", "--remote-debugging-pipe", f"--user-data-dir={profile}",
        ]  # fmt: skip
        if os.geteuid() == 0:
            command.append("--no-sandbox")  # which Chromium refuses to run without as root
        read_here, write_there = os.pipe()
        read_there, write_here = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, str(read_there), str(write_there), *command],
            pass_fds=(read_there, write_there), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(read_there)
        os.close(write_there)
        self._in, self._out = read_here, write_here
        self._number = 0
        self._rest = b""
        self.events: list[dict] = []

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.call("Browser.close")
        except (OSError, AssertionError):
            self._process.kill()
        self._process.wait(SECONDS)
        os.close(self._in)
        os.close(self._out)

    def call(self, method: str, session: str | None = None, **parameters: object) -> dict:
        """One command; its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self.events.append(answer)

    def _next(self) -> dict:
        parts = [self._rest]
        while b"\0" not in parts[-1]:
            assert select.select([self._in], [], [], SECONDS)[0], "the browser does not answer"
            part = os.read(self._in, 2**20)
            assert part, "the browser has gone"
            parts.append(part)
        message, _, self._rest = b"".join(parts).partition(b"\0")
        return json.loads(message)

    def open(
        self, uri: str, width: int = 1280, height: int = 800, dark: bool = False, before: str = ""
    ) -> Page:
        """A new page, once it has loaded; `before` is a script that runs before its own do."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        page.call("Page.enable")
        page.call("Runtime.enable")
        page.call("Log.enable")
        page.call("Network.enable")
        page.look(width, height, dark)
        page.call("Page.addScriptToEvaluateOnNewDocument", source=before)
        page.call("Page.navigate", url=uri)
        page.wait("document.readyState === 'complete'")
        return page


class Page:
    """One page of a browser."""

    def __init__(self, browser: Browser, session: str) -> None:
        self.browser, self.session = browser, session

    def call(self, method: str, **parameters: object) -> dict:
        return self.browser.call(method, self.session, **parameters)

    def look(self, width: int, height: int, dark: bool = False) -> None:
        """The window's size in pixels, and the reader's colours; below 600 it is a phone."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        self.call("Emulation.setTouchEmulationEnabled", enabled=width < 600)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def evaluate(self, script: str) -> object:
        """The value of an expression, awaited."""
        result = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def wait(self, condition: str) -> None:
        """Until an expression is true."""
        end = time.monotonic() + SECONDS
        while not self.evaluate(condition):
            assert time.monotonic() < end, f"never true: {condition}; {self.complaints()}"
            time.sleep(0.02)

    def type(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    def press(self, key: str) -> None:
        code = {"windowsVirtualKeyCode": KEYS.get(key, ord(key[0])), "key": key, "code": key}
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **code)
        self.call("Input.dispatchKeyEvent", type="keyUp", **code)

    def click(self, x: float, y: float) -> None:
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent",
                type=kind, x=x, y=y, button="none" if kind == "mouseMoved" else "left",
                clickCount=1,
            )  # fmt: skip

    def wheel(self, x: float, y: float, pixels: float, modifiers: int = 0) -> None:
        self.call(
            "Input.dispatchMouseEvent",
            type="mouseWheel", x=x, y=y, deltaX=0, deltaY=pixels, modifiers=modifiers,
        )  # fmt: skip

    def touch(self, *moments: list[tuple[float, float]]) -> None:
        """Fingers that begin at the places of the first moment, move through the others, leave."""
        for number, places in enumerate(moments):
            self.call(
                "Input.dispatchTouchEvent",
                type="touchMove" if number else "touchStart",
                touchPoints=[{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)],
            )
        self.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def screenshot(self, whole: bool = False) -> bytes:
        """A PNG of what is in the window, or of the whole page."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole,
                           **self._clip(whole))  # fmt: skip
        return base64.b64decode(answer["data"])

    def _clip(self, whole: bool) -> dict:
        if not whole:
            return {}
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        return {"clip": clip}

    def complaints(self) -> list[str]:
        """What the page or the browser complained of: exceptions, the console, its policy."""
        found = []
        for event in self.browser.events:
            if event.get("sessionId") != self.session:
                continue
            if event["method"] == "Runtime.exceptionThrown":
                details = event["params"]["exceptionDetails"]
                found.append(details.get("exception", {}).get("description") or details["text"])
            elif event["method"] == "Log.entryAdded":
                found.append(event["params"]["entry"]["text"])
            elif event["method"] == "Runtime.consoleAPICalled":
                found.append(str(event["params"]["args"]))
        return found

    def requests(self) -> list[str]:
        """Addresses that the page asked for, by network or from itself."""
        return [
            event["params"]["request"]["url"]
            for event in self.browser.events
            if event.get("sessionId") == self.session
            and event["method"] == "Network.requestWillBeSent"
        ]
