"""``monitor token``: who may read over HTTP."""

from datetime import datetime

import click

from monitor.app.parameters import moment_ahead
from monitor.cli.group import Command, Group
from monitor.cli.params import json_option, table_options
from monitor.cli.session import Session
from monitor.config.subscriber_tables import parse_subscriber_name
from monitor.render.lines import line
from monitor.render.tokens import token_to_json, tokens_table


@click.group("token", cls=Group, examples=("monitor token list",))
def command() -> None:
    """Manage the tokens by which programs and readers are let in over HTTP."""


@command.command(
    "add",
    cls=Command,
    examples=(
        "monitor token add dashboard",
        "monitor token add ana-laptop --subscriber ana --until 2027-12-31",
        "monitor token add on-call --operator --until 90d",
    ),
)
@click.argument("name")
@click.option("--subscriber", metavar="NAME", help="It may read this person's subscriptions, too.")
@click.option("--operator", is_flag=True, help="It may read what the operator may.")
@click.option(
    "--until",
    type=moment_ahead,
    metavar="DATETIME",
    help="UTC or with a zone; a date; 90d, 1y  [default: until it is revoked]",
)
@json_option
@click.pass_obj
def add(
    session: Session,
    name: str,
    subscriber: str | None,
    operator: bool,
    until: datetime | None,
    as_json: bool,
) -> None:
    """Make a token and show it, this once: the store keeps a hash of it alone.

    It is sent as the header `Authorization: Bearer TOKEN`, or as the password of a user of any
    name. It can read and change nothing; an operator's also decides on the page /operator.
    """
    from monitor.app.tokens import add_token

    # Shown in tables and logs as names of subscribers are, so the same rules hold for it.
    name = parse_subscriber_name(name, place="NAME")
    token, secret = add_token(
        session.app, name, subscriber=subscriber, operator=operator, until=until
    )
    if as_json:
        session.answer_json({**token_to_json(token), "token": secret})
    else:
        # Alone on the first line, so that it can be copied or read by a script.
        session.answer([line(secret), line("Keep it now; it cannot be shown again.")])


@command.command("list", cls=Command, examples=("monitor token list", "monitor token list --all"))
@click.option("--all", "every", is_flag=True, help="Also those that are revoked or expired.")
@table_options
@click.pass_obj
def list_(session: Session, every: bool, as_json: bool, as_csv: bool) -> None:
    """List tokens: whose they are, until when, and on which day each was used last."""
    from monitor.app.tokens import tokens

    found = tokens(session.app, ended=every)
    if as_json:
        session.answer_json([token_to_json(one) for one in found])
    else:
        session.answer(tokens_table(found), as_csv=as_csv)


@command.command("revoke", cls=Command, examples=("monitor token revoke dashboard",))
@click.argument("name")
@json_option
@click.pass_obj
def revoke(session: Session, name: str, as_json: bool) -> None:
    """End a token: it is refused from the next request on."""
    from monitor.app.tokens import revoke_token

    revoke_token(session.app, name)
    if as_json:
        session.answer_json({"name": name})
    else:
        session.answer([line(f"the token {name} is revoked")])
