"""A group of commands of which only the called one is loaded."""

import difflib
import importlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from monitor.cli.errors import (
    PIPE_CLOSED,
    Failure,
    close_output,
    forget_created_stores,
    handle_errors,
    report_created_stores,
)
from monitor.errors import UsageError

# A command that is asked without the root command, as by a program that lists all options, knows
# these too: click keeps the help option of the first context that asks for it.
HELP_OPTIONS = ("-h", "--help")

# Name → (module, what it does in one line); the command bears the module's last name there.
Commands = Mapping[str, tuple[str, str]]


class _WithHelpOptions(click.Command):
    """A command that has both help options, whichever context asks first."""

    def get_help_option_names(self, ctx: click.Context) -> list[str]:
        """Return the names of the help option."""
        del ctx  # click keeps the option of the first one, which may be without the root command
        return list(HELP_OPTIONS)


class Command(_WithHelpOptions):
    """A command whose help ends with examples."""

    def __init__(self, *args: Any, examples: Sequence[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.examples = tuple(examples)
        self.params.append(_config_option())

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        super().format_epilog(ctx, formatter)
        write_examples(formatter, self.examples)


def _config_option() -> click.Option:
    """Return ``--config`` as it may also follow a command, where it takes precedence."""

    def use(ctx: click.Context, _: click.Parameter, config: Path | None) -> None:
        if config is not None:
            ctx.obj.config = config

    # Both work: `monitor --config FILE status` and `monitor status --config FILE`.
    return click.Option(
        ["--config"],
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        expose_value=False,
        callback=use,
        help="Configuration file, also before COMMAND.",
    )


def write_examples(formatter: click.HelpFormatter, examples: Sequence[str]) -> None:
    """Write command lines as a section of a help page."""
    with formatter.section("Examples" if len(examples) > 1 else "Example"):
        for example in examples:
            # Not `write_text`, which would wrap a command line where it is long.
            formatter.write(f"{' ' * formatter.current_indent}{example}\n")


class Group(_WithHelpOptions, click.Group):
    """A group of commands whose help ends with examples."""

    def __init__(self, *args: Any, examples: Sequence[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.examples = tuple(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        super().format_epilog(ctx, formatter)
        write_examples(formatter, self.examples)


class LazyGroup(Group):
    """Lists its commands without loading them, and ends every failure in one line.

    A command's module defines ``command``.
    """

    def __init__(
        self, *args: Any, commands: Commands, examples: Sequence[str], **options: Any
    ) -> None:
        super().__init__(*args, examples=examples, **options)
        self._known = commands

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table: as they are met in use."""
        del ctx
        return list(self._known)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        del ctx
        if cmd_name not in self._known:
            return None
        # Only now: `monitor --help` and the other commands wait for none of its imports.
        module = importlib.import_module(self._known[cmd_name][0])
        found: click.Command = module.command
        return found

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find the called command; UsageError names the nearest one."""
        # While a shell completes a line, half a name is no error.
        if args and args[0] not in self._known and not ctx.resilient_parsing:
            near = difflib.get_close_matches(args[0], self._known, n=1)
            fix = f"did you mean {near[0]}?" if near else f"there are {', '.join(self._known)}"
            raise UsageError(f"there is no command {args[0]!r}; {fix}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table, so that none is loaded for it."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, short) for name, (_, short) in self._known.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command and bring its output out, so that a closed pipe shows here."""
        forget_created_stores()
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:  # caught here: click itself would make an exit code 1 of it
            close_output()
            raise Failure(PIPE_CLOSED) from None
        finally:
            report_created_stores()
        return result

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> NoReturn:
        """Run the command line and exit: see ``monitor.cli.errors`` for the codes."""
        given = list(sys.argv[1:] if args is None else args)
        with handle_errors(given):
            # click would print errors and exit by itself; so they come to `handle_errors`.
            code = super().main(given, *rest, **{**options, "standalone_mode": False})
            sys.exit(code if isinstance(code, int) else 0)
