"""The template engine for pages: everything is escaped, nothing steers, no name may be missing."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from monitor.model.sanitize import sanitize
from monitor.render.alerts.templates import together


class PageTemplates:
    """The templates of a folder, each read once.

    What a template writes is put on one line, made neutral and escaped, unless a template or
    a value's own ``__html__`` made it.
    """

    def __init__(self, folder: Path) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            # For every `{{ … }}`, so that no template can forget it.
            finalize=_neutral,
        )
        self._environment.filters["together"] = together

    def render(self, name: str, **values: Any) -> str:
        """Return a template filled with the values."""
        return self._environment.get_template(name).render(**values)


def _neutral(value: Any) -> Any:
    return sanitize(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
