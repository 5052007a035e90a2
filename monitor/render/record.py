"""A whole record as a readable summary (`monitor show`)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor.model import fields
from monitor.model.bitemporal import known_since
from monitor.model.countries import country_word
from monitor.model.fields import Path
from monitor.model.history import StoredVersion
from monitor.model.record import TrialRecord
from monitor.model.sanitize import sanitize_lines
from monitor.render.code_words import code_words, phase_words, status_words
from monitor.render.lines import BLANK, Line, Span, line
from monitor.render.values import count_text, moment, one_line, unescape, value_text

_LABEL_WIDTH = 24
# Label → value, and what qualifies it in brackets (a date's type, a sponsor's class).
_FACTS: tuple[tuple[Path, Path | None], ...] = (
    (fields.OVERALL_STATUS, fields.LAST_KNOWN_STATUS),
    (fields.WHY_STOPPED, None),
    (fields.STUDY_TYPE, None),
    (fields.PHASES, None),
    (fields.ENROLLMENT_COUNT, fields.ENROLLMENT_TYPE),
    (fields.START_DATE, fields.START_DATE_TYPE),
    (fields.PRIMARY_COMPLETION, fields.PRIMARY_COMPLETION_TYPE),
    (fields.COMPLETION, fields.COMPLETION_TYPE),
    (fields.FIRST_SUBMIT, None),
    (fields.LAST_UPDATE_POST, None),
    (fields.RESULTS_FIRST_POST, None),
    (fields.LEAD_SPONSOR_NAME, fields.LEAD_SPONSOR_CLASS),
    (fields.CONDITIONS, None),
    (fields.SEX, None),
    (fields.MINIMUM_AGE, None),
    (fields.MAXIMUM_AGE, None),
    (fields.HEALTHY_VOLUNTEERS, None),
)
# Shown as missing where they are; the others are left out.
_EXPECTED = frozenset(
    {fields.OVERALL_STATUS, fields.ENROLLMENT_COUNT, fields.START_DATE, fields.COMPLETION,
     fields.LEAD_SPONSOR_NAME, fields.CONDITIONS}
)  # fmt: skip


def show_lines(
    number: int, version: StoredVersion, record: TrialRecord, *, versions: int
) -> Iterator[Line]:
    """Yield a version's record with its place in the trial's history."""
    yield line(Span(f"{record.nct_id}  {value_text(record.title)}", "title"))
    of = f"version {number} of {versions}, of {version.version_date}"
    read = f"read {moment(known_since(version))} UTC from {one_line(version.origin, longest=None)}"
    late = "; backfilled" if version.backfilled else ""
    yield line(Span(f"{of}; {read}{late}", "dim"), indent=2, hang=2)
    yield from _absence(record)
    if not record.coverage.is_complete:
        yield line(Span("its sources do not state every field", "dim"), indent=2)
    yield from record_lines(record)


def _absence(record: TrialRecord) -> Iterator[Line]:
    """Say that the registry does not show what follows, in its own words where it has any."""
    if record.presence is None:
        return
    other, words = record.get(fields.REGISTRY_MERGED_INTO), record.get(fields.REGISTRY_MESSAGE)
    detail = "the registry no longer shows this record"
    detail += f": it was merged into {value_text(other)}" if other else ""
    detail += f" ({value_text(words)})" if words else ""
    yield line(Span(f"{detail}; what follows is what it showed last", "high"), indent=2, hang=2)


def value_lines(value: Any) -> Iterator[Line]:
    """Yield a single value as it is, a text with its lines."""
    text = value if isinstance(value, str) else one_line(value)
    yield from (line(words, hang=0) for words in sanitize_lines(text))


def record_lines(record: TrialRecord) -> Iterator[Line]:
    """Yield what a reader wants to know of a record first; sites are counted by country."""
    official = record.text(fields.OFFICIAL_TITLE)
    if official and official != record.title:
        yield line(value_text(official, longest=None), indent=2, hang=2)
    yield BLANK
    for path, aside in _FACTS:
        yield from _fact(record, path, aside)
    yield from _people(record)
    yield from _arms(record)
    yield from _outcomes(record)
    yield from _sites(record)
    yield from _criteria(record)


def _fact(record: TrialRecord, path: Path, aside: Path | None) -> Iterator[Line]:
    value = record.get(path)
    if value in (None, []):
        if path in _EXPECTED:
            # "(none)" is the sponsor's omission, "not stated" the source's.
            stated = record.coverage.states(path)
            yield _labeled(path, Span("(none)" if stated else "not stated by this source", "dim"))
        return
    beside = record.get(aside) if aside else None
    more = (Span(f" ({_in_words(aside, beside)})", "dim"),) if beside is not None else ()
    yield _labeled(path, Span(_in_words(path, value)), *more)


def _in_words(path: Path | None, value: Any) -> str:
    """Write a value, in plain words where it is one of a fixed list."""
    if path == fields.PHASES:
        return phase_words(tuple(map(str, value)))
    text = value_text(value, longest=None)
    if path == fields.OVERALL_STATUS:
        return status_words(text)
    return code_words(text) if path in fields.ENUMERATIONS else text


def _labeled(path: Path, *spans: Span) -> Line:
    return line(
        Span(fields.label(path).ljust(_LABEL_WIDTH), "label"),
        *spans,
        indent=2,
        hang=2 + _LABEL_WIDTH,
    )


def _people(record: TrialRecord) -> Iterator[Line]:
    for path in (fields.COLLABORATORS, fields.OVERALL_OFFICIALS):
        names = [value_text(item.get("name")) for item in record.items(path)]
        if names:
            yield _labeled(path, Span(", ".join(names)))


def _arms(record: TrialRecord) -> Iterator[Line]:
    arms = record.items(fields.ARM_GROUPS)
    yield from _block(
        fields.label(fields.ARM_GROUPS),
        arms,
        lambda arm: (arm.get("label"), arm.get("type"), arm.get("interventionNames")),
    )
    # With arms each intervention stands with those who get it.
    if not arms:
        yield from _block(
            fields.label(fields.INTERVENTIONS),
            record.items(fields.INTERVENTIONS),
            lambda item: (item.get("name"), item.get("type"), None),
        )


def _outcomes(record: TrialRecord) -> Iterator[Line]:
    for path in (fields.PRIMARY_OUTCOMES, fields.SECONDARY_OUTCOMES, fields.OTHER_OUTCOMES):
        yield from _block(
            fields.label(path),
            record.items(path),
            lambda item: (item.get("measure"), item.get("timeFrame"), None),
        )


def _block(title: str, items: Sequence[Mapping[str, Any]], detail: Any) -> Iterator[Line]:
    """Yield a heading and one line per item: its name, in brackets its type, then the rest."""
    if not items:
        return
    yield BLANK
    yield line(Span(title, "title"), Span(f"  {len(items)}", "dim"), indent=2)
    for item in items:
        name, aside, rest = detail(item)
        spans = [Span("- ", "dim"), Span(value_text(name, longest=None))]
        if aside is not None:
            spans.append(Span(f" ({value_text(aside)})", "dim"))
        if rest:
            spans.append(Span(f": {value_text(rest)}"))
        yield line(*spans, indent=4)


def _sites(record: TrialRecord) -> Iterator[Line]:
    sites = record.locations
    if not sites:
        return
    by_country: dict[str, Counter[str]] = {}
    names: dict[str, str] = {}
    for site in sites:
        country = value_text(site.get("country")) if site.get("country") else "(no country)"
        country = names.setdefault(country_word(country), country)
        status = value_text(site["status"]) if site.get("status") else ""
        by_country.setdefault(country, Counter())[status] += 1
    countries = sorted(by_country.items(), key=lambda pair: (-pair[1].total(), pair[0]))
    yield BLANK
    many = f"  {len(sites)} in {count_text(len(countries), 'country', 'countries')}"
    yield line(Span("Sites", "title"), Span(many, "dim"), indent=2)
    for country, statuses in countries:
        detail = ", ".join(
            f"{count} {status}" for status, count in statuses.most_common() if status
        )
        aside = (Span(f": {detail}", "dim"),) if detail else ()
        yield line(Span("- ", "dim"), f"{country} {statuses.total()}", *aside, indent=4)


def _criteria(record: TrialRecord) -> Iterator[Line]:
    text = record.text(fields.ELIGIBILITY_CRITERIA)
    if not text:
        return
    yield BLANK
    yield line(Span(fields.label(fields.ELIGIBILITY_CRITERIA), "title"), indent=2)
    for words in sanitize_lines(unescape(text)):
        if words.strip():
            yield line(words, indent=4)
