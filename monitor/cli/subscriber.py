"""``monitor subscriber``: the people who get alerts."""

import click

from monitor.app.subscription_service import SubscriptionService
from monitor.cli.group import Command, Group
from monitor.cli.params import json_option, table_options
from monitor.cli.session import Session
from monitor.config.subscriber_tables import parse_subscriber_name
from monitor.errors import UsageError
from monitor.model.subscriptions import SubscriptionStatus
from monitor.render.lines import line
from monitor.render.subscribers import subscriber_to_json, subscribers_table
from monitor.render.values import count_text


@click.group("subscriber", cls=Group, examples=("monitor subscriber list",))
def command() -> None:
    """Manage subscribers: the people who get alerts."""


@command.command("add", cls=Command, examples=("monitor subscriber add ana",))
@click.argument("name")
@json_option
@click.pass_obj
def add(session: Session, name: str, as_json: bool) -> None:
    """Add a person or a team; `monitor subscription add` says what they want to hear of.

    It does so by itself for somebody who is not known yet.
    """
    added = people_of(session).add_subscriber(parse_subscriber_name(name, place="NAME"))
    if as_json:
        session.answer_json({"name": name, "added": added})
    else:
        session.answer([line(f"{name} is added" if added else f"{name} is known already")])


@command.command(
    "list", cls=Command, examples=("monitor subscriber list", "monitor subscriber list --all")
)
@click.option("--all", "every", is_flag=True, help="Also those who were removed.")
@table_options
@click.pass_obj
def list_(session: Session, every: bool, as_json: bool, as_csv: bool) -> None:
    """List subscribers: their status, where they come from, how much they ask for."""
    found, counts = people_of(session).subscribers()
    shown = [one for one in found if every or one.status is not SubscriptionStatus.RETIRED]
    if as_json:
        session.answer_json([subscriber_to_json(one, counts.get(one.name, 0)) for one in shown])
    else:
        session.answer(subscribers_table(shown, counts), as_csv=as_csv)


@command.command("remove", cls=Command, examples=("monitor subscriber remove ana",))
@click.argument("name")
@json_option
@click.pass_obj
def remove(session: Session, name: str, as_json: bool) -> None:
    """Remove a person with all their subscriptions: nothing more is sent to them.

    What they were sent stays known; `monitor subscriber forget` erases that too. Who is in
    the configuration is removed there.
    """
    gone = people_of(session).remove_subscriber(name)
    if as_json:
        session.answer_json({"name": name, "subscriptions": gone})
    else:
        session.answer([line(f"{name} is removed, with {count_text(len(gone), 'subscription')}")])


@command.command("export", cls=Command, examples=("monitor subscriber export ana > ana.json",))
@click.argument("name")
@json_option
@click.pass_obj
def export(session: Session, name: str, as_json: bool) -> None:
    """Write all that is stored about a person, as JSON: what they asked for and were sent."""
    del as_json  # it is JSON in any case
    session.answer_json(people_of(session).export(name))


@command.command("forget", cls=Command, examples=("monitor subscriber forget ana --yes",))
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do it; what is erased cannot be brought back.")
@json_option
@click.pass_obj
def forget(session: Session, name: str, yes: bool, as_json: bool) -> None:
    """Erase all that is stored about a person: what they asked for and what they were sent.

    A subscriber in the configuration has to be removed there first. The store's files hold
    remains until `monitor db compact`.
    """
    if not yes:
        raise UsageError(
            "what is erased cannot be brought back; say --yes to do it "
            "(`monitor subscriber export` writes it all first)"
        )
    gone = people_of(session).forget(name)
    if as_json:
        session.answer_json({"name": name, "erased": dict(gone)})
    else:
        erased = (
            count_text(gone["subscriptions"], "subscription"),
            count_text(gone["silences"], "silence"),
            count_text(gone["messages"], "message"),
        )
        session.answer([line(f"{name} is forgotten: {', '.join(erased)} erased")])


def people_of(session: Session) -> "SubscriptionService":
    """Return the people of the store, and the file that the configuration is read from."""
    return SubscriptionService(app=session.app, file=session.config_file)
