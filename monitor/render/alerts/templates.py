"""The templates of a message: the built-in ones, or those of a folder of the user's own.

A folder replaces those templates that it holds, by their names; it may use the built-in ones
(``{% extends "builtin/message.html.j2" %}``). Its templates are read again when they change.
"""

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    select_autoescape,
)
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from monitor.errors import ConfigError, DeliveryError
from monitor.model.alerts import Alert, Notification, TrialFacts, Window
from monitor.model.changes import ChangeEvent, ChangeKind, Severity
from monitor.model.history import StoredVersion
from monitor.render.alerts.compose import compose
from monitor.render.alerts.page import MessagePage, VersionBlock
from monitor.render.lines import plain

NAMES = ("subject.txt.j2", "message.txt.j2", "message.html.j2")
_BUILT_IN = Path(__file__).parent.parent / "templates"
_TOGETHER = re.compile(
    r"(\d{4}-\d{2}-\d{2}(?: \d{2}:\d{2})?"  # a date, with a time or without
    r"|\([+\u2212-][\d.,]+ ?(?:%|days?)\))"  # by how much something changed
)
# What a template's own mistakes raise, beside Jinja2's errors: a wrong type, a wrong name.
_MISTAKES = (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError,
             RecursionError, OSError)  # fmt: skip


def render_template(name: str, page: MessagePage, folder: Path | None) -> str:
    """Return a page in one template: the folder's, where that has it, else the built-in one.

    DeliveryError, not a permanent one, when a template of the user's own fails: nothing is lost,
    and the message goes out once the template is mended.
    """
    try:
        own = folder if has_own(name, folder) else None
        return environment(own).get_template(name).render(page=page)
    except _MISTAKES as exc:
        raise DeliveryError(_error_text(name, folder, exc), permanent=False) from exc


def has_own(name: str, folder: Path | None) -> bool:
    """Return whether a folder has a template of that name."""
    return folder is not None and (folder / name).is_file()


def check_templates(folder: Path) -> None:
    """Try a folder's templates on made-up messages; ConfigError names the file and the line."""
    if not folder.is_dir():
        raise ConfigError(f"there is no folder of templates {folder}")
    unknown = sorted({file.name for file in folder.glob("*.j2")} - set(NAMES))
    if unknown and not any((folder / name).is_file() for name in NAMES):
        raise ConfigError(f"{folder / unknown[0]}: templates are named {', '.join(NAMES)}")
    for name in NAMES:
        for notification in _SAMPLES:
            try:
                render_template(name, compose(notification), folder)
            except DeliveryError as exc:
                raise ConfigError(str(exc)) from exc


@lru_cache(maxsize=8)
def environment(folder: Path | None) -> Environment:
    """Return the built-in templates; with a folder its own over them, in a sandbox."""
    built_in = FileSystemLoader(_BUILT_IN)
    loaders: list[BaseLoader] = [built_in, PrefixLoader({"builtin": built_in})]
    kind: type[Environment] = Environment
    if folder is not None:
        loaders.insert(0, FileSystemLoader(folder))
        # A template of the user's own may come from elsewhere; it must reach no file and no module.
        kind = ImmutableSandboxedEnvironment
    made = kind(
        loader=ChoiceLoader(loaders),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        # A misspelled name fails when the configuration is checked, not as a gap in a mail.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=folder is not None,
    )
    made.filters |= {"plain": plain, "together": together, "in_template": _in_template}
    return made


def _in_template(version: VersionBlock, name: str) -> str:
    """Return a version in a built-in template, which is filled once for all notifications.

    HTML is escaped as it is filled, and marked ``safe`` by the template that it comes into.
    """
    if name not in version.rendered:
        version.rendered[name] = environment(None).get_template(name).render(version=version)
    return version.rendered[name]


def together(text: str) -> list[tuple[str, bool]]:
    """Split a text at its dates, times and differences, which are not to be broken (True)."""
    parts = _TOGETHER.split(text)
    # `split` with one group puts what it found at the odd places.
    return [(part, at % 2 == 1) for at, part in enumerate(parts) if part]


def _error_text(name: str, folder: Path | None, exc: Exception) -> str:
    """Say which template failed, where and why, on one line."""
    where = f"{folder / name}" if folder is not None and (folder / name).is_file() else name
    line = exc.lineno if isinstance(exc, TemplateSyntaxError) else _line_of(exc)
    at = f", line {line}" if line else ""
    kind = "refused" if isinstance(exc, SecurityError) else "fails"
    return f"template {where}{at} {kind}: {' '.join(str(exc).split()) or type(exc).__name__}"


def _line_of(exc: Exception) -> int | None:
    """Return the innermost line of a template that an error came through."""
    found, frame = None, exc.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename.endswith(".j2"):
            found = frame.tb_lineno
        # Inwards to the end: an `include` fails in the file that is included.
        frame = frame.tb_next
    return found


def _sample() -> Alert:
    at = datetime(2026, 2, 19, 14, 5, tzinfo=UTC)
    version = StoredVersion(
        id=1, nct_id="NCT00000001", source="sample", origin="sample", snapshot_id=1,
        version_date=date(2026, 2, 19), last_version_date=date(2026, 2, 19),
        retrieved_at=at, last_retrieved_at=at, raw_sha256=b"", last_raw_sha256=b"",
        stated_sha256=b"", content_sha256=b"", identity=bytes(16),
    )  # fmt: skip
    event = ChangeEvent(
        kind=ChangeKind.ENROLLMENT_TARGET_CHANGED, severity=Severity.HIGH, label="Enrollment",
        path="enrollment", summary="Enrollment: 144 → 240 (+67%)", before=144, after=240,
    )  # fmt: skip
    return Alert(
        trial=TrialFacts(nct_id=version.nct_id, title="A trial", phases=("PHASE2",)),
        number=1, version=version, previous=None, events=(event,), reasons=("A reason.",),
    )  # fmt: skip


_WINDOW = Window(until=datetime(2026, 2, 19, 8, tzinfo=UTC))
_SAMPLES = (
    Notification(uid="sample", subscriber="sample", alerts=(_sample(),)),
    Notification(uid="sample", subscriber="sample", alerts=(_sample(),), digest=_WINDOW,
           public_url="https://monitor.example.org",
           unsubscribe_url="https://monitor.example.org/unsubscribe"),
    Notification(uid="sample", subscriber="sample", alerts=(), digest=_WINDOW,
    empty_digest_of=("sample",)),
)  # fmt: skip
