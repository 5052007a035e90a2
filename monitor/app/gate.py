"""What the gate holds of the sources, and letting it through."""

from monitor.app.follows import with_followed
from monitor.app.wiring import App
from monitor.errors import NotFoundError, UsageError
from monitor.model.gate import GateState
from monitor.model.tracking import SourceRow, UnreadRecords
from monitor.render.gate import GateReport, what_to_do
from monitor.store.reader import Reader


def gates(app: App) -> list[GateReport]:
    """Return what is held of every source of the configuration, and of those of before."""
    with app.reader() as reader:
        return [_gate(reader, row) for row in _rows(app, reader).values()]


def gate_of(app: App, name: str) -> GateReport:
    """Return what is held of a source; NotFoundError when there is none of that name."""
    with app.reader() as reader:
        rows = _rows(app, reader)
        if name not in rows:
            known = f"there are {', '.join(rows)}" if rows else "there is none"
            raise NotFoundError(f"there is no source named {name!r}; {known}")
        return _gate(reader, rows[name])


def accept(app: App, name: str, *, silent: bool) -> GateReport:
    """Let what is held of a source now through with its next pass; return what that is.

    ``silent``: without a message to anybody. Of the causes that are held now alone. NotFoundError
    when there is no such source, or nothing of it is held; UsageError for what cannot be accepted.
    """
    gate = gate_of(app, name)
    if not gate.state.reason:
        raise NotFoundError(f"nothing of the source {name!r} is held")
    # Held as a whole: data with a stamp of the future are not even read (docs/architecture.md,
    # "The gate").
    if not gate.state.causes:
        raise UsageError(
            f"{gate.state.reason}: this cannot be accepted. {what_to_do(name, gate.state)}"
        )
    causes = {one.cause: silent for one in gate.state.causes}
    with app.store(create=False) as store, store.transaction() as tx:
        tx.sources.put_state(GateState.acceptance_key(name), "", causes, at=app.now())
    return gate_of(app, name)


def _rows(app: App, reader: Reader) -> dict[str, SourceRow]:
    sources = with_followed(app).settings.sources
    rows = {one.name: SourceRow(name=one.name, type=one.type) for one in sources}
    return rows | {row.name: row for row in reader.sources.all()}


def _gate(reader: Reader, row: SourceRow) -> GateReport:
    state = reader.sources.state
    return GateReport(
        source=row.name,
        type=row.type,
        state=GateState.from_state(state(GateState.state_key(row.name))),
        unread=UnreadRecords.from_state(state(UnreadRecords.state_key(row.name))),
        accepted={
            str(cause): bool(silent)
            for cause, silent in (state(GateState.acceptance_key(row.name)) or {}).items()
        },
    )
