"""Commands, arguments, options and exit codes."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from monitor.cli.root import monitor as root
from tests.cli.calls import Monitor
from tests.cli.studies import NCT, study
from tests.cli.test_help import ALL
from tests.doors.conftest import Frozen

CODES = (
    ("history", NCT),
    ("history", "NCT00000001"),
    ("history", "NCT1234567890"),
    ("history",),
    ("show", NCT, "--version", "7"),
    ("trials", "--changed-since", "soon"),
    ("ingest", "good.json"),
    ("ingest", "bad.json"),
    ("ingest", "missing.json"),
    ("quarantine", "show", "1"),
    ("quarantine", "show", "7"),
    ("channel", "test", "nowhere"),
    ("outbox", "show", "7"),
    ("subscription", "show", "nothing"),
    ("subscriber", "remove", "nobody"),
    ("silence", "remove", "7"),
    ("health", "--url", "http://127.0.0.1:1"),
    ("db", "status"),
    ("run", "--json"),
    ("--config", "broken.toml", "trials"),
    ("--config", "missing.toml", "trials"),
    ("no-such-command",),
    ("trials", "--no-such-option"),
    ("--help",),
    ("--version",),
)  # fmt: skip


def described(parameter: click.Parameter, context: click.Context) -> str:
    """Return one line: an option or argument, what it takes, what is out of the ordinary."""
    if isinstance(parameter, click.Argument):
        return f"  {parameter.make_metavar(context)}"
    names = ", ".join([*parameter.opts, *parameter.secondary_opts])
    is_flag = isinstance(parameter, click.Option) and parameter.is_flag
    default = parameter.to_info_dict().get("default")
    facts = [
        "" if is_flag else f" {parameter.make_metavar(context)}",
        span(parameter.type),
        ", required" if parameter.required else "",
        ", repeatable" if parameter.multiple else "",
        "" if is_flag or default is None or callable(default) else f", default {default}",
    ]
    return f"  {names}{''.join(facts)}"


def span(kind: object) -> str:
    """Return the limits of a number, as far as it has any."""
    if not isinstance(kind, click.IntRange | click.FloatRange):
        return ""
    low = "" if kind.min is None else f" from {kind.min:g}"
    return low + ("" if kind.max is None else f" to {kind.max:g}")


def all_commands() -> Iterator[str]:
    """Yield a line for each command and each of its parameters."""
    for name, command in {"": root, **ALL}.items():
        yield f"monitor {name}".rstrip()
        context = click.Context(command)
        options = [one for one in command.params if isinstance(one, click.Option)]
        arguments = [one for one in command.params if not isinstance(one, click.Option)]
        for parameter in [*arguments, *sorted(options, key=lambda one: one.opts)]:
            yield described(parameter, context)


def test_commands_arguments_and_options_are_as_frozen(frozen: Frozen) -> None:
    frozen("commands", "\n".join(all_commands()) + "\n")


def test_exit_codes_are_as_frozen(
    monitor: Monitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frozen: Frozen
) -> None:
    monkeypatch.chdir(tmp_path)
    monitor.ingest(study("2026-02-02"), b'{"protocolSection": 1}')
    good, _ = (tmp_path / "records-1.jsonl").read_bytes().splitlines()
    Path("good.json").write_bytes(good)
    Path("bad.json").write_bytes(b'{"protocolSection": 2}')
    Path("broken.toml").write_text("[store]\nbusy_timeout_s = 'soon'\n", "utf-8")
    text = re.search(r"Exit codes:[^\n]*(?:\n +[^\n]+)*", monitor.answer("--help"))
    assert text is not None
    codes = [" ".join(text[0].split())] + [
        f"{monitor(*arguments).exit_code}  monitor {' '.join(arguments)}" for arguments in CODES
    ]
    frozen("exit-codes", "\n".join(codes) + "\n")
