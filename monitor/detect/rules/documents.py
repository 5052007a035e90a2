"""Rules for study documents: protocol, analysis plan, consent forms, added and removed."""

from collections.abc import Iterator, Sequence

from monitor.detect.rules.base import Context, EventDraft, all_except, count_text
from monitor.detect.rules.values import value_text
from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange


def derive_documents(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
    """Turn changes of the study documents into additions and removals."""
    del ctx
    # Depth 3 is a whole document; a change inside of one (a new file, another date) replaces it.
    removed = tuple(c for c in changes if c.op == "removed" and len(c.field) == 3)
    added = all_except(changes, removed)
    for kind, own, word in (
        (ChangeKind.DOCUMENT_ADDED, added, "added or replaced"),
        (ChangeKind.DOCUMENT_REMOVED, removed, "removed"),
    ):
        if own:
            # By document, not by name: there can be two informed consent forms.
            names = sorted({change.path[:4]: _document_label(change) for change in own}.values())
            yield EventDraft(
                kind=kind,
                path=fields.LARGE_DOCS,
                changes=own,
                summary=f"{count_text(len(names), 'study document')} {word}: {', '.join(names)}",
                facts={"documents": names},
            )


def _document_label(change: FieldChange) -> str:
    before, after = change.item or (None, None)
    item = after or before or {}
    return value_text(item.get("label") or item.get("filename") or change.path[-1])
