"""``monitor unfollow``: what ``monitor follow`` did, undone."""

from typing import TYPE_CHECKING

import click

from monitor.app.follows import unfollow
from monitor.cli.follow import check_options, id_text, pasted_nct_ids, trial_to_json
from monitor.cli.group import Command
from monitor.cli.params import json_option
from monitor.cli.session import Session
from monitor.render.lines import Line, line

if TYPE_CHECKING:
    from monitor.app.follows import FollowedTrial


@click.command(
    "unfollow",
    cls=Command,
    examples=("monitor unfollow NCT06733935", "monitor unfollow NCT06733935 --to mail"),
)
@click.argument("nct_ids", nargs=-1, required=True, metavar="NCT_ID…")
@click.option("--to", "channels", metavar="CHANNEL", multiple=True,
              help="Send no changes by this channel any more; repeatable.  [default: by none]"
              )  # fmt: skip
@click.option("--subscriber", metavar="NAME", help="Tell this one no more.  [default: nobody]")
@json_option
@click.pass_obj
def command(
    session: Session,
    nct_ids: tuple[str, ...],
    channels: tuple[str, ...],
    subscriber: str | None,
    as_json: bool,
) -> None:
    """Undo `monitor follow`: send no changes of these trials any more, and read them no more.

    What is stored of them stays. With --to or --subscriber a trial is still read as long as others
    get its alerts. What the configuration follows is taken out there, and other subscriptions
    that name a trial stay; both are named.
    """
    # Not the channels: one that has left the configuration can be unfollowed, too.
    check_options(session, (), subscriber)
    requested = pasted_nct_ids(nct_ids)
    found = unfollow(session.app, requested, channels=channels, subscriber=subscriber)
    if as_json:
        session.answer_json({
            "trials": [
                {
                    **trial_to_json(one),
                    "elsewhere": list(one.elsewhere),
                    "other_subscriptions": [of.id for of in one.others],
                }
                for one in found
            ]
        })  # fmt: skip
    else:
        session.answer(map(_trial_line, found))


def _trial_line(one: "FollowedTrial") -> Line:
    if one.changed:
        outcome = "is no longer followed by command"
    elif one.subscriptions:
        outcome = "is followed on, for others"
    else:
        outcome = "was not followed by command"
    if one.elsewhere:
        sources = ", ".join(f'"{name}"' for name in one.elsewhere)
        outcome += f"; the configuration follows it by {sources}"
    if one.others:
        names = ", ".join(f"{of.id} ({of.subscriber}: {of.name})" for of in one.others)
        outcome += f"; other subscriptions name it: {names}"
    return line(f"{id_text(one)} {outcome}")
