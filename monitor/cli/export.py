"""``monitor export``: records, and tables of trials, versions, facts and events, as files."""

from typing import Any

import click

from monitor.cli import export_records, export_tables
from monitor.cli.group import Group
from monitor.errors import UsageError


class _ExportGroup(Group):
    """Says what has become of the earlier ``monitor export NCT_ID…``."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find the called command."""
        # `monitor export NCT_ID --to DIR` wrote records before the tables were added.
        if args and args[0] not in self.commands and "NCT" in args[0].upper():
            raise UsageError(f"write `monitor export records {args[0]} --to DIR`")
        return super().resolve_command(ctx, args)


@click.group("export", cls=_ExportGroup, examples=("monitor export events --to events.csv",))
def command() -> None:
    """Write trials, versions, facts or events as tables, or records as JSON."""


for one in (*export_tables.COMMANDS, export_records.command):
    command.add_command(one)
