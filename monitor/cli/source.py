"""``monitor source``: what is followed, and what the gate holds of it."""

import click

from monitor.app.gate import accept as let_through
from monitor.app.gate import gate_of, gates
from monitor.cli.group import Command, Group
from monitor.cli.params import json_option
from monitor.cli.session import Session
from monitor.render.gate import gate_lines, gate_to_json


@click.group("source", cls=Group, examples=('monitor source show "car-t in lupus"',))
def command() -> None:
    """Show what is held of the followed sources, and accept it."""


@command.command("list", cls=Command, examples=("monitor source list",))
@json_option
@click.pass_obj
def list_(session: Session, as_json: bool) -> None:
    """List the sources with what is held of each; `monitor status` tells how they are doing."""
    found = gates(session.app)
    if as_json:
        session.answer_json([gate_to_json(one) for one in found])
    else:
        session.answer(one for gate in found for one in gate_lines(gate))


@command.command(
    "show", cls=Command, examples=("monitor source show lupus", "monitor source show lupus --json")
)
@click.argument("name")
@json_option
@click.pass_obj
def show(session: Session, name: str, as_json: bool) -> None:
    """Show what is held of a source: why, how many records, since when, and what to do."""
    gate = gate_of(session.app, name)
    if as_json:
        session.answer_json(gate_to_json(gate))
    else:
        session.answer(gate_lines(gate))


@command.command(
    "accept",
    cls=Command,
    examples=("monitor source accept lupus", "monitor source accept lupus --silent"),
)
@click.argument("name")
@click.option("--silent", is_flag=True, help="Store it without a message to anybody.")
@json_option
@click.pass_obj
def accept(session: Session, name: str, silent: bool, as_json: bool) -> None:
    """Accept what is held of a source now: its next pass stores it and sends its alerts.

    It accepts the causes that are held now, not another one that comes later.
    """
    gate = let_through(session.app, name, silent=silent)
    if as_json:
        session.answer_json(gate_to_json(gate))
    else:
        session.answer(gate_lines(gate))
