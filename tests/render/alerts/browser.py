"""A real browser without a window, for looking at mails as their readers do."""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
_SCHEMES = {"dark": 0, "light": 1}

# What of a page a reader would stumble over: what sticks out at the right, and text whose colour
# is too near to what lies behind it (contrast as WCAG 2 counts it).
_MEASURE = """
<script>
const light = c => { const l = c.slice(0, 3).map(v => v / 255)
  .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
  return .2126 * l[0] + .7152 * l[1] + .0722 * l[2]; };
const numbers = text => (text.match(/[\\d.]+/g) || []).map(Number);
const behind = e => { for (; e; e = e.parentElement) {
  const c = numbers(getComputedStyle(e).backgroundColor);
  if (c.length == 3 || c[3] > 0) return c; } return [255, 255, 255]; };
const faint = [], out = [];
for (const e of document.body.querySelectorAll('*')) {
  if (!e.offsetParent || getComputedStyle(e).opacity == 0 || e.tagName == 'SCRIPT') continue;
  if (e.getBoundingClientRect().right > innerWidth + .5) out.push(e.tagName + e.className);
  const own = [...e.childNodes].filter(n => n.nodeType == 3).map(n => n.data.trim()).join('');
  if (!own) continue;
  const [a, b] = [numbers(getComputedStyle(e).color), behind(e)].map(light);
  const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  if (ratio < 4.5) faint.push([own.slice(0, 40), Math.round(ratio * 10) / 10]);
}
const card = document.querySelector('.card').getBoundingClientRect();
parent.document.documentElement.setAttribute('data-found', JSON.stringify({width: innerWidth,
  scrolls: document.documentElement.scrollWidth, height: document.body.scrollHeight,
  out, faint, card: card.width, page: numbers(getComputedStyle(document.body).backgroundColor)}));
</script>
"""
_FRAME = """<!DOCTYPE html><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<body style="margin:0"><iframe style="border:0;width:{width}px;height:800px" srcdoc="{html}">
</iframe></body>"""
_PAGE_OF_MANY = """<!DOCTYPE html><meta charset="utf-8">
<meta name="color-scheme" content="light dark"><body style="margin:0"><script>
const values = [];
function found(frame, value) {
  values.push([[...document.querySelectorAll('iframe')].indexOf(frame), value]);
  document.documentElement.setAttribute('data-found', JSON.stringify(values)); }
</script>"""
_FRAME_OF_MANY = (
    """<iframe style="border:0;width:{width}px;height:800px" srcdoc="{html}"></iframe>"""
)
_WAIT = "--virtual-time-budget=60000"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadlessBrowser:
    """Chromium with a profile in a folder of its own; needs no network."""

    program: str
    folder: Path

    def run_scripts(self, frames: Sequence[tuple[str, int]], *, scheme: str) -> list[Any]:
        """Return what the scripts of pages give, each page in a frame of its width.

        A page's script calls ``parent.found(frameElement, VALUE)`` once.
        """
        shown = "".join(_FRAME_OF_MANY.format(width=w, html=escape(html)) for html, w in frames)
        done = self._run(_PAGE_OF_MANY + shown, 1700, 900, scheme, _WAIT, "--dump-dom")
        headline = [json.loads(unescape(one)) for one in re.findall(r'data-found="([^"]*)"', done)]
        [values] = headline or [[]]
        assert len(values) == len(frames), done[:500]
        return [value for _, value in sorted(values)]

    def measured(self, html: str, *, width: int, scheme: str) -> dict[str, Any]:
        """Return what a page looks like at that width in ``light`` or ``dark``."""
        # In a frame, because a browser's window cannot be as narrow as a phone.
        frame = _FRAME.format(width=width, html=escape(html + _MEASURE))
        found = self._run(frame, 1200, 900, scheme, "--dump-dom")
        headline = re.search(r'data-found="([^"]*)"', found)
        assert headline is not None, found[:500]
        measured: dict[str, Any] = json.loads(unescape(headline[1]))
        return measured

    def shoot(self, html: str, to: Path, *, width: int, height: int, scheme: str) -> None:
        """Write a picture of the page."""
        self._run(html, width, height, scheme, f"--screenshot={to}")

    def _run(self, html: str, width: int, height: int, scheme: str, *what: str) -> str:
        page = self.folder / "page.html"
        page.write_text(html, "utf-8")
        profile = self.folder / "profile"
        arguments = [
            self.program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--no-first-run", "--disable-dev-shm-usage", f"--user-data-dir={profile}",
            f"--blink-settings=preferredColorScheme={_SCHEMES[scheme]}",
            f"--window-size={width},{height}", *what, page.as_uri(),
        ]  # fmt: skip
        done = subprocess.run(arguments, capture_output=True, timeout=120, check=True)
        return done.stdout.decode("utf-8", "replace")
