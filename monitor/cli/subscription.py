"""``monitor subscription``: what people want to hear of."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

import click

from monitor.app.dry_run import dry_run
from monitor.app.lookups import present_id
from monitor.cli.filter_options import filter_options
from monitor.cli.group import Command, Group
from monitor.cli.params import json_option, table_options
from monitor.cli.session import Session
from monitor.cli.subscriber import people_of
from monitor.cli.subscription_options import apply_options, parse_subscription
from monitor.errors import UsageError
from monitor.model.subscriptions import Subscription, SubscriptionStatus
from monitor.render.dry_run import dry_run_lines, dry_run_to_json
from monitor.render.lines import Line, Span, line
from monitor.render.subscribers import subscription_lines, subscription_to_json, subscriptions_table

Function = TypeVar("Function", bound=Callable[..., Any])


@click.group("subscription", cls=Group, examples=("monitor subscription list",))
def command() -> None:
    """Manage subscriptions: which trials and changes, to whom, when."""


# Not the channels: a subscription without any would depend on what its subscriber has.
RESETTABLE = (
    "nct-ids", "filter", "changes", "min-severity", "min-days", "min-percent", "when",
    "critical-at-once", "quiet", "send-empty",
)  # fmt: skip

_SUBSCRIPTION_OPTIONS = (
    click.option(
        "--nct-id", "nct_ids", metavar="NCT_ID", multiple=True, help="A trial; repeatable."
    ),
    click.option(
        "--nct-ids-from",
        # Some editors begin a file with a byte order mark, which is no part of the first ID.
        type=click.File("r", encoding="utf-8-sig"),
        metavar="FILE",
        help="The trials of a text file, as they are in it now; - for standard input.",
    ),
    filter_options,
    click.option("--all", "everything", is_flag=True, help="Every trial."),
    click.option(
        "--changes",
        metavar="KIND",
        multiple=True,
        help="A kind or a group of changes; repeatable.  [default: all but noise]",
    ),
    click.option(
        "--min-severity", metavar="SEVERITY", help="low, medium, high or critical and above."
    ),
    click.option("--min-days", metavar="DAYS", help="Of moved dates, the least distance."),
    click.option("--min-percent", metavar="PERCENT", help="Of enrollments, the least change."),
    click.option(
        "--when", metavar="TIME", help='"at once", "hourly", "daily 08:00 Europe/Madrid", …'
    ),
    click.option("--critical-at-once", is_flag=True, help="What is critical waits for no digest."),
    click.option(
        "--quiet", metavar="HOURS", help='Nothing at once in "22:00-07:00 Europe/Madrid".'
    ),
    click.option("--send-empty", is_flag=True, help="A digest also when nothing happened."),
    click.option(
        "--channel", "channels", metavar="NAME", multiple=True, help="Where to; repeatable."
    ),
)


def _subscription_options(function: Function) -> Function:
    """Add the options that say which trials, which changes, when and where."""
    # Decorators apply from the last to the first; the help then has this order.
    for option in reversed(_SUBSCRIPTION_OPTIONS):
        function = option(function)
    return function


@command.command(
    "add",
    cls=Command,
    examples=(
        "monitor subscription add --subscriber ana --name car-t --nct-id NCT06733935",
        "monitor subscription add --subscriber ana --name lupus --condition lupus --channel alerts",
        'monitor subscription add --subscriber ana --name nk --text "CAR NK" --city Boston',
        "monitor subscription add --subscriber ana --name ends --from-query 'events --text CAR'",
    ),
)
@click.option("--subscriber", metavar="NAME", required=True, help="Whose it is.")
@click.option("--name", required=True, help="What it is called; unique among the subscriber's.")
@_subscription_options
@click.option(
    "--from-query",
    metavar="QUERY",
    help="What a question selects: 'events --condition lupus --group status'.",
)
@json_option
@click.pass_obj
def add(session: Session, /, as_json: bool, from_query: str | None, **options: Any) -> None:
    """Add a subscription: which trials, which changes, when and where.

    The options are the keys of [[subscription]] in docs/configuration.md, which says more. A
    trial is wanted when --nct-id, --nct-ids-from or the filter names it; the filter's options
    are one filter: any of the values of an option, all options, none of --not-…. Words match in any
    order within one text of the record, and in "double quotes" as they are written.
    """
    if from_query is not None:
        from monitor.cli.from_query import add_query

        options = add_query(options, from_query)
    given = parse_subscription(session.app.settings, **options)
    people = people_of(session)
    stored = people.subscribe(given)
    _answer(session, stored, as_json=as_json, outcome="added", warnings=people.unmatched([stored]))
    if not as_json and stored.trials.nct_ids:
        session.answer(_former_id_notes(session, sorted(stored.trials.nct_ids)))


def _former_id_notes(session: Session, nct_ids: Iterable[str]) -> list[Line]:
    """Return a note for each of these NCT IDs that a trial had before."""
    with session.app.reader() as reader:
        now = ((nct_id, present_id(reader, nct_id)) for nct_id in nct_ids)
        return [line(f"{nct_id} is now {other}") for nct_id, other in now if other != nct_id]


@command.command(
    "list",
    cls=Command,
    examples=("monitor subscription list", "monitor subscription list --subscriber ana --json"),
)
@click.option("--subscriber", metavar="NAME", help="Only those of one person.")
@click.option("--all", "every", is_flag=True, help="Also those that were removed.")
@table_options
@click.pass_obj
def list_(
    session: Session, subscriber: str | None, every: bool, as_json: bool, as_csv: bool
) -> None:
    """List subscriptions: whose they are, where they come from, what they ask for."""
    found = people_of(session).subscriptions(subscriber=subscriber, retired=every)
    if as_json:
        session.answer_json([subscription_to_json(one) for one in found])
    else:
        session.answer(subscriptions_table(found), as_csv=as_csv)


def _subscription_argument(function: Function) -> Function:
    """Add the argument that names a subscription."""
    function = click.option(
        "--subscriber", metavar="NAME", help="Whose it is, where several have one of that name."
    )(function)
    return click.argument("subscription", metavar="NAME|ID")(function)


@command.command(
    "show",
    cls=Command,
    examples=("monitor subscription show car-t", "monitor subscription show 3 --json"),
)
@_subscription_argument
@json_option
@click.pass_obj
def show(session: Session, subscription: str, subscriber: str | None, as_json: bool) -> None:
    """Show all that one subscription says.

    Where [delivery] public_url is set, also the addresses of its feed, which are secret: who knows
    one can read the feed.
    """
    from monitor.app.feeds import feed_addresses

    people = people_of(session)
    found = people.subscription(subscription, subscriber=subscriber)
    with session.app.reader() as reader:
        addresses = feed_addresses(session.app, reader, found)
    if as_json:
        session.answer_json({**subscription_to_json(found), "feed": addresses or None})
    else:
        file = str(people.file) if people.file else None
        session.answer(subscription_lines(found, file=file, feed=addresses))


@command.command(
    "test",
    cls=Command,
    examples=(
        "monitor subscription test car-t",
        "monitor subscription test --condition lupus --country Spain --min-severity high",
    ),
)
@click.argument("subscription", metavar="[NAME|ID]", required=False)
@click.option("--subscriber", metavar="NAME", help="Whose it is.")
@_subscription_options
@table_options
@click.pass_obj
def test(
    session: Session,
    /,
    subscription: str | None,
    subscriber: str | None,
    as_json: bool,
    as_csv: bool,
    **options: Any,
) -> None:
    """Show which followed trials a subscription matches now, and what it would have sent.

    Either one that is there, by its name or number, or one that is not saved, by the options of
    `monitor subscription add`. What was read in the last 30 days is held against it as if it had
    been there all along; silences count as they are now. Nothing is saved or sent. --csv prints
    the trials.
    """
    people = people_of(session)
    # What click gives for options that were not given.
    described = any(value not in (None, False, ()) for value in options.values())
    if described == (subscription is not None):
        raise UsageError("name a subscription, or describe one by the options of add")
    if subscription is not None:
        wanted = people.subscription(subscription, subscriber=subscriber)
    else:
        from monitor.cli.subscription_options import parse_draft

        wanted = people.draft(parse_draft(session.app.settings, subscriber or "me", **options))
    found = dry_run(session.app, wanted)
    if as_json:
        session.answer_json(dry_run_to_json(found))
    else:
        lines = [*map(warning_line, found.warnings), *dry_run_lines(found)]
        session.answer(lines, as_csv=as_csv)


@command.command(
    "edit",
    cls=Command,
    examples=(
        "monitor subscription edit car-t --min-severity high --when 'daily 08:00'",
        "monitor subscription edit car-t --reset changes --channel mail",
    ),
)
@_subscription_argument
@_subscription_options
@click.option(
    "--reset",
    type=click.Choice(RESETTABLE),
    multiple=True,
    help="Reset an option to its default; repeatable.",
)
@json_option
@click.pass_obj
def edit(
    session: Session, /, subscription: str, subscriber: str | None, as_json: bool, **options: Any
) -> None:
    """Change what a subscription asks for; what no option names stays as it is.

    An option that repeats replaces all of its values, and the filter's options the whole filter.
    The name, and what was sent, stay. One that is in the configuration is changed there.
    """
    people = people_of(session)
    changed = people.edit(
        subscription, partial(apply_options, session.app.settings, **options), subscriber=subscriber
    )
    _answer(
        session, changed, as_json=as_json, outcome="changed", warnings=people.unmatched([changed])
    )


@command.command("pause", cls=Command, examples=("monitor subscription pause car-t",))
@_subscription_argument
@json_option
@click.pass_obj
def pause(session: Session, subscription: str, subscriber: str | None, as_json: bool) -> None:
    """Pause a subscription: what happens meanwhile is not sent, then or later.

    Nor is what waits to be sent, unless it is resumed before its time comes. Those of the
    configuration stay paused too, whatever else is changed about them there.
    """
    _set(session, subscription, subscriber, SubscriptionStatus.PAUSED, as_json=as_json)


@command.command("resume", cls=Command, examples=("monitor subscription resume car-t",))
@_subscription_argument
@json_option
@click.pass_obj
def resume(session: Session, subscription: str, subscriber: str | None, as_json: bool) -> None:
    """Go on with a paused subscription."""
    _set(session, subscription, subscriber, SubscriptionStatus.ACTIVE, as_json=as_json)


@command.command("remove", cls=Command, examples=("monitor subscription remove car-t",))
@_subscription_argument
@json_option
@click.pass_obj
def remove(session: Session, subscription: str, subscriber: str | None, as_json: bool) -> None:
    """Remove a subscription; what it was sent stays known.

    One that is in the configuration is removed there.
    """
    _set(session, subscription, subscriber, SubscriptionStatus.RETIRED, as_json=as_json)


def _set(
    session: Session,
    word: str,
    subscriber: str | None,
    status: SubscriptionStatus,
    *,
    as_json: bool,
) -> None:
    found, changed = people_of(session).set_status(word, status, subscriber=subscriber)
    outcome = {
        SubscriptionStatus.ACTIVE: "active",
        SubscriptionStatus.PAUSED: "paused",
        SubscriptionStatus.RETIRED: "removed",
    }
    already = "" if changed else " already"
    _answer(session, found, as_json=as_json, outcome=f"{outcome[status]}{already}")


def _answer(
    session: Session,
    found: Subscription,
    *,
    as_json: bool,
    outcome: str,
    warnings: Sequence[str] | None = None,
) -> None:
    """Say what became of a subscription; ``warnings`` None: nothing was looked for."""
    if as_json:
        looked = {} if warnings is None else {"warnings": list(warnings)}
        session.answer_json({**subscription_to_json(found), **looked})
    else:
        session.answer([line(f"{found.id}  {found.subscriber}: {found.name} is {outcome}")])
        session.answer(map(warning_line, warnings or ()))


def warning_line(sentence: str) -> Line:
    """Return a warning line."""
    return line(Span("! ", "high"), sentence, hang=2)
