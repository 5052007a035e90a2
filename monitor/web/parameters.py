"""The parameters of an address: the same keys and values as the options of the commands.

``condition=lupus&condition=SLE&not_country=Spain&since=7d&kind=status&min_severity=high``: a
parameter that may stand more than once is given again, and one without a value counts as left out,
as forms send it. ``ParameterError`` names the one that is wrong.
"""

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, TypeVar

from starlette.datastructures import QueryParams

from monitor.app import App, matching
from monitor.app.event_choice import EventChoice
from monitor.app.parameters import filter_of, kind, moment_from, moment_until, severity
from monitor.errors import UsageError
from monitor.model.nct import normalize_nct_id
from monitor.model.subscriptions import FILTER_KEYS, Filter

if TYPE_CHECKING:
    from monitor.store.reader import Reader

Value = TypeVar("Value")

FILTER_PARAMETERS = (*FILTER_KEYS, *(f"not_{key}" for key in FILTER_KEYS))
EVENT_PARAMETERS = ("since", "until", "nct_id", "kind", "min_severity", "backfilled")

_FLAGS: Mapping[str, bool] = {"true": True, "1": True, "false": False, "0": False}


class ParameterError(UsageError):
    """A parameter of an address that cannot be meant; ``name`` says which."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name = name


class Parameters:
    """The parameters of a request, each read once by what it should be.

    ``known``: all that the address takes; another one is a ParameterError, so that a misspelled
    filter never widens what is found.
    """

    def __init__(self, query: QueryParams, known: Collection[str]) -> None:
        self._given: dict[str, list[str]] = {}
        for name, text in query.multi_items():
            if name not in known:
                raise ParameterError(name, f"there is no such parameter; there are {_list(known)}")
            if text.strip():
                self._given.setdefault(name, []).append(text)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return all values of a parameter."""
        return tuple(self._given.get(name, ()))

    def values(self, name: str, read: Callable[[str], Value]) -> tuple[Value, ...]:
        """Return all values of a parameter as ``read`` takes them; ParameterError for a bad one."""
        return tuple(self._read(name, text, read) for text in self.texts(name))

    def value(self, name: str, read: Callable[[str], Value]) -> Value | None:
        """Return the one value of a parameter, None when it is not given."""
        found = self.values(name, read)
        if len(found) > 1:
            raise ParameterError(name, "it may be given once")
        return found[0] if found else None

    def number(self, name: str, *, default: int, most: int) -> int:
        """Return a whole number from 1 to ``most``."""

        def read(text: str) -> int:
            # `isdecimal` alone takes the digits of all scripts.
            is_number = text.isascii() and text.isdecimal() and len(text) < 10
            if not is_number or not 1 <= int(text) <= most:
                raise ValueError(f"{text[:40]!r} is no whole number from 1 to {most}")
            return int(text)

        found = self.value(name, read)
        return default if found is None else found

    def flag(self, name: str) -> bool:
        """Return whether ``true`` is given."""

        def read(text: str) -> bool:
            if text not in _FLAGS:
                raise ValueError(f"{text[:40]!r} is neither true nor false")
            return _FLAGS[text]

        return bool(self.value(name, read))

    def filter(self) -> Filter | None:
        """Return the filter that the parameters state; None when there is none of them.

        Whether it can find anything is not looked at.
        """
        given = {name: self.texts(name) for name in FILTER_PARAMETERS}
        return filter_of({name: texts for name, texts in given.items() if texts})

    def events(self) -> EventChoice:
        """Return which events the parameters ask for."""
        return EventChoice(
            since=self.value("since", moment_from),
            until=self.value("until", moment_until),
            nct_ids=self.values("nct_id", normalize_nct_id),
            filter=self.filter(),
            kinds=self.values("kind", kind),
            min_severity=self.value("min_severity", severity),
            backfilled=self.flag("backfilled"),
        )

    def _read(self, name: str, text: str, read: Callable[[str], Value]) -> Value:
        try:
            return read(text)
        # OverflowError: of a date beyond the year 9999.
        except (UsageError, ValueError, OverflowError) as exc:
            raise ParameterError(name, str(exc)) from exc


def require_findable(app: App, reader: "Reader", trial_filter: Filter | None) -> None:
    """Pass when a filter can find stored trials, else raise a ParameterError of the wrong one."""
    # Key by key, so that the error names the one that is wrong.
    for key, values in (trial_filter.wanted if trial_filter else {}).items():
        _require_findable(app, reader, key, Filter(wanted={key: values}))
    for key, values in (trial_filter.excluded if trial_filter else {}).items():
        _require_findable(app, reader, f"not_{key}", Filter(excluded={key: values}))


def _require_findable(app: App, reader: "Reader", name: str, trial_filter: Filter) -> None:
    try:
        matching.require_findable(app, reader, trial_filter)
    except UsageError as exc:
        raise ParameterError(name, str(exc)) from exc


def _list(known: Collection[str]) -> str:
    return ", ".join(known) if known else "none"
