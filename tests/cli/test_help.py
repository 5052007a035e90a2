"""Every command explains itself, and docs/commands.md says the same."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from monitor.cli.root import COMMANDS
from monitor.cli.root import monitor as root
from tests.cli.calls import Monitor

REPO = Path(__file__).parents[2]
PAGE = REPO / "docs" / "commands.md"
SEEDS = REPO / "seeds"
WIDTH = "92"
RUN_AS_THEY_STAND = (
    "history",
    "diff",
    "show",
    "series",
    "trials",
    "events",
    "stats",
    "db",
    "quarantine list",
)
ASKING = tuple(f"monitor {name}" for name in RUN_AS_THEY_STAND)


def commands() -> dict[str, click.Command]:
    """Return every command by what is written behind ``monitor``; groups are no commands."""
    found: dict[str, click.Command] = {}
    context = click.Context(root)
    for name in COMMANDS:
        command = root.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            found |= {f"{name} {below}": one for below, one in command.commands.items()}
        else:
            found[name] = command
    return found


ALL = commands()


def examples() -> Iterator[str]:
    """Yield the examples of all commands."""
    for command in ALL.values():
        yield from getattr(command, "examples", ())


@pytest.fixture
def wide(monitor: Monitor) -> Monitor:
    """Return the command line on a terminal of the page's width."""
    monitor.environ["COLUMNS"] = WIDTH
    return monitor


@pytest.mark.parametrize("name", ["", *ALL])
def test_help_ends_with_an_example_of_the_command(wide: Monitor, name: str) -> None:
    shown = wide.answer(*name.split(), "--help")
    example = re.search(r"\nExamples?:\n((?:  monitor .*\n)+)\Z", shown)
    assert example is not None
    assert f"  monitor {name}".rstrip() in example[1]


@pytest.mark.parametrize("name", ALL)
def test_every_command_can_answer_in_json(name: str) -> None:
    assert any("--json" in parameter.opts for parameter in ALL[name].params)


@pytest.mark.parametrize("name", ALL)
def test_a_command_knows_both_help_options_whoever_asks_first(name: str) -> None:
    [shown] = [one.opts for one in ALL[name].get_params(click.Context(ALL[name]))][-1:]
    assert shown == ["-h", "--help"]


@pytest.mark.parametrize("name", ALL)
def test_every_option_is_explained(name: str) -> None:
    for parameter in ALL[name].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.opts


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_commands_own_help_says(name: str) -> None:
    command = root.get_command(click.Context(root), name)
    assert command is not None
    assert command.help is not None
    assert COMMANDS[name][1] == command.help.splitlines()[0]


@pytest.mark.parametrize("name", ["", *ALL])
def test_the_page_of_commands_holds_each_help_as_it_is(wide: Monitor, name: str) -> None:
    shown = wide.answer(*name.split(), "--help")
    assert f"```text\n{shown}```" in PAGE.read_text("utf-8"), f"put this into {PAGE.name}:\n{shown}"


def test_the_page_describes_no_command_that_is_not_there() -> None:
    headings = re.findall(r"(?m)^## `monitor ?(.*)`$", PAGE.read_text("utf-8"))
    assert headings == ["", *ALL]


@pytest.mark.parametrize("example", [one for one in examples() if one.startswith(ASKING)])
def test_the_examples_work_on_the_seeds(
    monitor: Monitor, seeded: str, example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor.url = seeded
    monkeypatch.chdir(monitor.folder)  # where some of them write
    arguments = shlex.split(example)[1:]
    if arguments[:2] == ["db", "restore"]:
        monitor.answer("db", "backup", arguments[2])
    monitor.answer(*arguments)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the URL of a store that holds the seeds."""
    folder = tmp_path_factory.mktemp("seeded")
    monitor = Monitor(f"sqlite:///{folder / 'monitor.db'}", folder)
    monitor.answer("ingest", *(str(page) for page in sorted(SEEDS.glob("*.txt"))))
    monitor.answer("ingest", str(SEEDS / "2026-07"))
    return monitor.url


def test_the_configuration_may_be_named_behind_the_command(monitor: Monitor) -> None:
    file = monitor.folder / "own.toml"
    file.write_text("[store]\nbusy_timeout_s = 'soon'\n", "utf-8")
    for arguments in (("--config", str(file), "trials"), ("trials", "--config", str(file))):
        result = monitor(*arguments)
        assert result.exit_code == 2
        assert "busy_timeout_s" in result.stderr


@pytest.mark.parametrize("name", ["quarantine", "db"])
def test_a_group_shows_an_example_too(wide: Monitor, name: str) -> None:
    assert f"Example:\n  monitor {name} " in wide.answer(name, "--help")


def test_the_readme_names_every_command() -> None:
    lines = (REPO / "README.md").read_text("utf-8").splitlines()
    rows = [line.split("|")[1] for line in lines if line.startswith("| `monitor ")]
    quoted = [words for row in rows for words in re.findall(r"`([^`]+)`", row)]
    assert COMMANDS.keys() - {word for words in quoted for word in words.split()} == set()
