"""A real browser that a test leads as a person would: opens, fills in, clicks, reads.

It is spoken to by the DevTools protocol over two pipes (``--remote-debugging-pipe``).
"""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_PATIENCE_S = 60.0
_KEYS = {"Tab": 9}


class DrivenBrowser:
    """One page of a browser; each step waits for the page that it leads to."""

    def __init__(self, to: int, come_from: int) -> None:
        self._to, self._from = to, come_from
        self._left = b""
        self._last = 0
        self._session: str | None = None
        target = self._do("Target.createTarget", url="about:blank")["targetId"]
        attached = self._do("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self._do("Page.enable")

    def open(self, url: str) -> None:
        """Go to an address."""
        self._loads(lambda: self._do("Page.navigate", url=url))

    def click(self, text: str, within: str = "") -> None:
        """Click the link or button of that text; go where it leads."""
        self._loads(
            lambda: self._run(
                f"const all = [...document.querySelectorAll('{within} a, {within} button')];"
                f"all.find(e => e.innerText.trim() == {json.dumps(text)}).click()"
            )
        )

    def fill(self, name: str, value: str, within: str = "") -> None:
        """Write into a field, or choose, by its name."""
        self._run(f"document.querySelector('{within} [name={name}]').value = {json.dumps(value)}")

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        for kind in ("keyDown", "keyUp"):
            self._do("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                     windowsVirtualKeyCode=_KEYS[key])  # fmt: skip

    @contextmanager
    def on_paper(self) -> Iterator[None]:
        """Look at the page as it would be printed."""
        self._do("Emulation.setEmulatedMedia", media="print")
        try:
            yield
        finally:
            self._do("Emulation.setEmulatedMedia", media="")

    def pdf(self) -> str:
        """Return the page printed, as base64."""
        return str(self._do("Page.printToPDF")["data"])

    def read(self, expression: str = "document.body.innerText") -> Any:
        """Return what an expression of JavaScript says of the page."""
        found = self._do("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def _run(self, statements: str) -> None:
        self.read(f"(() => {{ {statements} }})()")

    def _loads(self, step: Any) -> None:
        """Take a step and wait until the next page is there."""
        self._run("window.isEarlier = true")
        step()
        until = time.monotonic() + _PATIENCE_S
        ready = "document.readyState == 'complete' && !window.isEarlier"
        while not self._is(ready):
            assert time.monotonic() < until, self.read()
            time.sleep(0.02)

    def _is(self, expression: str) -> bool:
        try:
            return bool(self.read(expression))
        except _NoPageError:  # between two pages
            return False

    def _do(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._last += 1
        requested = {"id": self._last, "method": method, "params": parameters}
        if self._session is not None:
            requested["sessionId"] = self._session
        os.write(self._to, json.dumps(requested).encode() + b"\0")
        while True:
            reported = self._next()
            if reported.get("id") == self._last:
                if "error" in reported:
                    raise _NoPageError(reported["error"]["message"])
                result: dict[str, Any] = reported["result"]
                return result

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            piece = os.read(self._from, 1 << 16)
            assert piece, "the browser is gone"
            self._left += piece
        reported, _, self._left = self._left.partition(b"\0")
        found: dict[str, Any] = json.loads(reported)
        return found


class _NoPageError(Exception):
    """The browser cannot say so now."""


@contextmanager
def driven(program: str, folder: Path) -> Iterator[DrivenBrowser]:
    """Start a browser without a window, with a profile of its own, and end it."""
    heard, say = os.pipe()
    hear, text = os.pipe()
    arguments = [
        program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
        "--disable-dev-shm-usage", f"--user-data-dir={folder / 'profile'}",
        "--remote-debugging-pipe",
    ]  # fmt: skip
    # The browser reads from the descriptor 3 and writes to 4; dash knows none above 9.
    shell = f'exec 3<&{heard} 4>&{text}; exec "$@"'
    process = subprocess.Popen(
        ["/bin/bash", "-c", shell, "bash", *arguments],
        pass_fds=(heard, text), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(heard)
    os.close(text)
    try:
        yield DrivenBrowser(say, hear)
    finally:
        process.terminate()
        process.wait(_PATIENCE_S)
        os.close(say)
        os.close(hear)
