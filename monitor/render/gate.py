"""What the gate holds of a source, for people and as JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.model.gate import GateState, describe_cause
from monitor.model.tracking import UnreadRecords
from monitor.render.lines import Line, Span, line
from monitor.render.values import moment, one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """What is held of a source; ``accepted``: by cause, whether it is let through silently."""

    source: str
    type: str
    state: GateState = field(default_factory=GateState)
    unread: UnreadRecords = field(default_factory=UnreadRecords)
    accepted: Mapping[str, bool] = field(default_factory=dict)


def what_to_do(source: str, state: GateState) -> str:
    """Say what ends a hold."""
    if not state.causes:
        return (
            "Nothing of it is read until that is over: check the clock of this machine;"
            " [ingest] stamp_ahead_days says how far ahead a stamp may be"
        )
    # Ready to be copied into a shell.
    named = f'"{source}"' if " " in source else source
    return (
        "They are asked for in every pass, and the hold ends by itself when they come whole;"
        f" `monitor source accept {named}` stores and tells them as they are, with --silent"
        " without a message"
    )


def gate_lines(gate: GateReport) -> Iterator[Line]:
    """Yield what is held, why, since when, and what to do."""
    state = gate.state
    name = one_line(gate.source, longest=None)
    if not state.reason:
        yield line(Span(name, "label"), f" ({gate.type}): nothing is held")
    else:
        since = f" since {moment(state.since)} UTC" if state.since else ""
        yield line(Span(name, "label"), f" ({gate.type}): ", Span(f"held{since}", "high"))
        if state.causes:
            yield line(f"{state.records} of {state.judged} known records are held:")
        else:
            yield line(one_line(state.reason, longest=None))
        for one in state.causes:
            yield line(f"  {one_line(one.description, longest=None)}")
        yield line(what_to_do(gate.source, state), ".")
    for cause, silent in sorted(gate.accepted.items()):
        how = "silently" if silent else "with alerts"
        yield line(f"accepted, stored {how} at the next pass: {describe_cause(cause)}")
    if gate.unread.count:
        first = ", ".join(gate.unread.first)
        yield line(
            f"{gate.unread.count} followed records cannot be read, such as {first}:"
            " see `monitor quarantine list`."
        )


def gate_to_json(gate: GateReport) -> dict[str, Any]:
    """Return the same for ``--json``; times in UTC."""
    state = gate.state
    return {
        "source": gate.source,
        "type": gate.type,
        "held": bool(state.reason),
        "held_since": state.since.isoformat() if state.since else None,
        "reason": state.reason or None,
        "records": state.records,
        "judged": state.judged,
        "causes": [
            {
                "cause": one.cause,
                "says": describe_cause(one.cause),
                "count": one.count,
                "first": list(one.first),
            }
            for one in state.causes
        ],
        "accepted": [
            {"cause": cause, "silent": silent} for cause, silent in sorted(gate.accepted.items())
        ],
        "unread": {"count": gate.unread.count, "first": list(gate.unread.first)},
    }
