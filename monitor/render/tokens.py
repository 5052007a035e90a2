"""Tokens, of which the secret is never shown: as a table and as JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

from monitor.model.tokens import AccessToken
from monitor.render.lines import Line, Span, Table, TextBlock
from monitor.render.values import count_text, moment


def tokens_table(tokens: Sequence[AccessToken]) -> Iterator[TextBlock]:
    """Yield one row per token."""
    head = ("Name", "Subscriber", "Operator", "Created (UTC)", "Until (UTC)", "Last used",
            "Revoked (UTC)")  # fmt: skip
    rows = tuple(
        (
            one.name,
            one.subscriber or "none",
            "yes" if one.operator else "no",
            moment(one.created_at),
            moment(one.expires_at) if one.expires_at else "no end",
            str(one.last_used_on or "never"),
            moment(one.revoked_at) if one.revoked_at else "no",
        )
        for one in tokens
    )
    yield Table(head=head, rows=rows)
    yield Line((Span(count_text(len(rows), "token"), "dim"),))


def token_to_json(one: AccessToken) -> dict[str, Any]:
    """Return what is known of a token."""
    return {
        "name": one.name,
        "subscriber": one.subscriber,
        "operator": one.operator,
        "created_at": one.created_at.isoformat(),
        "expires_at": one.expires_at.isoformat() if one.expires_at else None,
        "revoked_at": one.revoked_at.isoformat() if one.revoked_at else None,
        "last_used_on": one.last_used_on.isoformat() if one.last_used_on else None,
    }
