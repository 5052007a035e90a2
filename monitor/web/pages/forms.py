"""Forms that find changes and trials: their fields, filled with what is asked for now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from starlette.requests import Request

from monitor.model import fields
from monitor.model.changes import GROUPS, Severity
from monitor.render.code_words import code_words, phase_words, status_words

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its parameter, its label, an example or what can be chosen; ``value``: of now."""

    name: str
    label: str
    example: str = ""
    choices: tuple[Pair, ...] = ()
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The fields of a form, and those behind a fold; ``hidden``: what it has no field for."""

    fields: tuple[Field, ...]
    more: tuple[Field, ...] = ()
    hidden: tuple[Pair, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether a field behind the fold is filled."""
        return any(one.value for one in self.more)

    def fill(self, given: Iterable[Pair]) -> "Form":
        """Return the form with what is asked for; what is given again is kept beside it."""
        values: dict[str, str] = {}
        hidden: list[Pair] = []
        known = {one.name for one in (*self.fields, *self.more)}
        for name, value in given:
            if name in known and name not in values:
                values[name] = value
            else:
                hidden.append((name, value))
        return Form(
            fields=_fill(self.fields, values), more=_fill(self.more, values), hidden=tuple(hidden)
        )


def _fill(found: Sequence[Field], values: dict[str, str]) -> tuple[Field, ...]:
    return tuple(
        Field(one.name, one.label, one.example, _with(one.choices, values.get(one.name)),
              values.get(one.name, ""))
        for one in found
    )  # fmt: skip


def _with(choices: tuple[Pair, ...], value: str | None) -> tuple[Pair, ...]:
    """Return the choices, with what was asked for where it is none of them."""
    if not choices or not value or any(value == one for one, _ in choices):
        return choices
    return (*choices, (value, value))


def query_pairs(request: Request, *but: str) -> list[Pair]:
    """Return what an address asks for, without what is empty and these names."""
    pairs = request.query_params.multi_items()
    return [(name, text) for name, text in pairs if text.strip() and name not in but]


def _words(path: fields.Path) -> tuple[Pair, ...]:
    return tuple((one, code_words(one).capitalize()) for one in fields.ENUMERATIONS[path])


_PHASE = Field("phase", "Phase", choices=tuple(
    (one, phase_words((one,)).capitalize()) for one in fields.ENUMERATIONS[fields.PHASES]
))  # fmt: skip
_STATUS = Field("status", "Status", choices=tuple(
    (one, status_words(one).partition(" (")[0].capitalize())
    for one in fields.ENUMERATIONS[fields.OVERALL_STATUS]
))  # fmt: skip
_TEXT = Field("text", "Words", "in the record")
_CONDITION = Field("condition", "Condition", "lupus")
_SPONSOR = Field("sponsor", "Sponsor", "Novartis")
_COUNTRY = Field("country", "Country", "Spain")
_SORTS = (
    ("last_changed", "last change"),
    ("last_version_date", "last update"),
    ("nct_id", "NCT ID"),
)
_SEVERITIES = tuple((str(one), str(one).capitalize()) for one in reversed(Severity))

EVENT_FORM = Form(
    fields=(
        _TEXT,
        _CONDITION,
        Field("kind", "What changed", choices=tuple((one, one.capitalize()) for one in GROUPS)),
        Field("min_severity", "Least severity", choices=_SEVERITIES),
    ),
    more=(_SPONSOR, _COUNTRY, _PHASE, Field("since", "Read since", "7d, 2026-02")),
)
TRIAL_FORM = Form(
    fields=(
        Field("text", "Words or NCT ID", "in the record"),
        _CONDITION,
        _COUNTRY,
        _STATUS,
    ),
    more=(
        _SPONSOR,
        Field("intervention", "Intervention", "palbociclib"),
        _PHASE,
        Field("study_type", "Study type", choices=_words(fields.STUDY_TYPE)),
        Field("title", "Title"),
        Field("keyword", "Keyword"),
        Field("facility", "Facility"),
        Field("city", "City"),
        Field("not_condition", "Condition is not"),
        Field("not_sponsor", "Sponsor is not"),
        Field("not_country", "Country is not"),
        Field("sort", "Order by", choices=_SORTS),
    ),
)
