"""What every command gets: the monitor, configured when first used, and the screens."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.render.lines import TextBlock
from monitor.render.screen import Screen

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.settings import WebSettings


@dataclass(slots=True, kw_only=True)
class Session:
    """One call of the command line."""

    config: Path | None
    color: bool | None
    environ: Mapping[str, str]
    _app: "App | None" = field(default=None, init=False)

    @property
    def app(self) -> "App":
        """The monitor as configured; ConfigError when the configuration is wrong."""
        # Only when a command needs it: `monitor health` also works with a wrong configuration.
        if self._app is None:
            from monitor.app import App

            self._app = App.configured(self.config, environ=self.environ)
        return self._app

    @property
    def config_file(self) -> Path | None:
        """The configuration file that is read; None without one."""
        from monitor.config.load import chosen_file

        return chosen_file(self.config, self.environ)

    @property
    def web(self) -> "WebSettings":
        """Where a monitor that runs listens, as far as a wrong configuration tells."""
        from monitor.config import load_web

        return load_web(self.config, environ=self.environ)

    @property
    def screen(self) -> Screen:
        """Standard output."""
        return Screen.of(sys.stdout, color=self.color, environ=self.environ)

    def answer(self, blocks: Iterable[TextBlock], *, as_csv: bool = False) -> None:
        """Write lines and tables to standard output; ``as_csv``: the tables alone, as CSV."""
        if as_csv:
            self.screen.csv(blocks)
        else:
            self.screen.show(blocks)

    def answer_json(self, value: Any) -> None:
        """Write JSON to standard output."""
        self.screen.json(value)

    def answer_json_lines(self, values: Iterable[Any]) -> None:
        """Write JSON to standard output, each value on a line of its own."""
        self.screen.json_lines(values)
