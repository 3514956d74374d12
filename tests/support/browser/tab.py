"""A tab of a headless browser: what a person does with it, and what one sees."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.browser.devtools import BrowserError, DevTools, devtools

_INTERVAL = 0.1  # seconds between two checks
_KEYS = {
    "Tab": {"code": "Tab", "windowsVirtualKeyCode": 9},
    "Enter": {"code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
    " ": {"code": "Space", "windowsVirtualKeyCode": 32, "text": " "},
    "Escape": {"code": "Escape", "windowsVirtualKeyCode": 27},
}


class Tab:
    """One page. `messages` has what it logged as an error, and its uncaught exceptions."""

    def __init__(self, browser: DevTools) -> None:
        self._browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the DevTools protocol in this tab."""
        return self._browser.call(method, self._session, **parameters)

    def open(self, url: str) -> None:
        """Open a page and wait until its document is parsed."""
        error = self.call("Page.navigate", url=url).get("errorText")
        if error:
            raise BrowserError(f"{url}: {error}")
        self.wait("document.readyState !== 'loading' && location.href !== 'about:blank'")

    def evaluate(self, script: str) -> Any:
        """Return the value of a JavaScript expression, awaited; an element's is an empty dictionary.

        Raises BrowserError for an exception.
        """
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def wait(self, script: str, seconds: float = 30.0) -> Any:
        """Wait until a JavaScript expression is true and return its value.

        Raises BrowserError if it is not true within `seconds`.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                if value := self.evaluate(script):
                    return value
                problem = ""
            except BrowserError as error:  # the page may be loading
                problem = f": {error}"
            if time.monotonic() > deadline:
                raise BrowserError(f"not true within {seconds:g} s: {script}{problem}")
            time.sleep(_INTERVAL)

    def text(self, selector: str) -> str:
        """Return the visible text of the first element of a CSS selector."""
        return str(self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText"))

    def click(self, selector: str) -> None:
        """Click the middle of the first element of a CSS selector, once it exists and is enabled."""
        element = f"document.querySelector({json.dumps(selector)})"
        self.wait(f"{element} && !{element}.disabled")
        place = self.evaluate(
            f"(() => {{ const e = {element}; e.scrollIntoView({{block: 'center', behavior: 'instant'}});"
            "const b = e.getBoundingClientRect();"
            "return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        point: dict[str, Any] = {"x": place[0], "y": place[1], "button": "left", "clickCount": 1}
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, **point)

    def choose(self, selector: str, value: str) -> None:
        """Choose an option of a select or set the value of a field, and send the events of a change."""
        self.wait(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            f"if (!e) return false; e.value = {json.dumps(value)};"
            "e.dispatchEvent(new Event('input', {bubbles: true}));"
            "e.dispatchEvent(new Event('change', {bubbles: true}));"
            f"return e.value === {json.dumps(value)}; }})()"
        )

    def press(self, key: str) -> None:
        """Press and release a key: "Tab", "Enter", " " or "Escape"."""
        fields = {"key": key, **_KEYS[key]}
        self.call("Input.dispatchKeyEvent", type="keyDown", **fields)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=fields["code"])

    def resize(self, width: int, height: int, *, scheme: str = "light") -> None:
        """Set the size of the window in CSS pixels, and the preferred colour scheme: "light" or "dark"."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", features=features)
        self.call("Emulation.setScrollbarsHidden", hidden=True)  # as those of phones

    def screenshot(self, file: Path) -> None:
        """Write a PNG of the whole page."""
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
        file.write_bytes(base64.b64decode(data))

    @property
    def messages(self) -> list[str]:
        """The errors that the page logged so far, those of the content security policy with them."""
        self.evaluate("0")  # receives the events before
        return [text for event in self._browser.events if (text := _error(event))]


@contextmanager
def browser_tab(program: str, profile: Path) -> Iterator[Tab]:
    """Run a browser with one empty tab for the time of a `with` block."""
    with devtools(program, profile) as browser:
        yield Tab(browser)


def _error(event: dict[str, Any]) -> str | None:
    parameters = event.get("params", {})
    match event.get("method"):
        case "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            return str(details.get("exception", {}).get("description", details["text"]))
        case "Log.entryAdded" if parameters["entry"]["level"] == "error":
            return str(parameters["entry"]["text"])
        case "Runtime.consoleAPICalled" if parameters["type"] == "error":
            return " ".join(str(each.get("value", each)) for each in parameters["args"])
        case _:
            return None
