"""``monitor mcp``: the store as tools for language models."""

import click

from monitor.cli.group import Command
from monitor.cli.params import json_option
from monitor.cli.session import Session
from monitor.errors import UsageError


@click.command("mcp", cls=Command, examples=("monitor mcp", "monitor mcp --json"))
@json_option
@click.pass_obj
def command(session: Session, as_json: bool) -> None:
    """Answer questions of a language model over standard input and output (MCP).

    A program such as an assistant or an editor starts it; docs/mcp.md says how. The tools search
    trials, list changes, show histories and records, and compare versions; none changes anything.
    It needs the extra `mcp` of the package. With --json the tools are listed, and nothing is
    served.
    """
    try:
        # Only here: without the extra the command is still listed, and says what is missing.
        import mcp  # noqa: F401 - an extra
    except ModuleNotFoundError as exc:
        raise UsageError("MCP needs an extra: pip install 'trial-monitor[mcp]'") from exc
    from monitor.mcp.server import list_tools, mcp_server

    server = mcp_server(session.app)
    if as_json:
        session.answer_json(list_tools(server))
    else:
        server.run()
