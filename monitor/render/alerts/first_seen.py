"""A trial that is new to the monitor, as a feasibility team needs it."""

from collections.abc import Iterator

from monitor.model.profile import PlannedDate, TrialProfile
from monitor.render.code_words import code_words
from monitor.render.lines import Line, Span, line
from monitor.render.values import count_text, unescape, value_text

_MOST = 4
_COUNTRIES = 6
_SUMMARY = 230


def profile_lines(profile: TrialProfile) -> Iterator[Line]:
    """Yield what is planned, a subject a line; what the record does not state is left out.

    Title, status, sponsor and phase are above, as of every trial.
    """
    yield from _labeled("Conditions", _some(map(value_text, profile.conditions)))
    yield from _labeled(
        "Interventions", _some(_intervention(*one) for one in profile.interventions)
    )
    yield from _labeled("Enrollment", _enrollment(profile))
    yield from _labeled("Sites", _sites(profile))
    yield from _labeled("Dates", _dates(profile))
    yield from _labeled("Collaborators", _some(map(value_text, profile.collaborators)))
    yield from _labeled("Summary", _beginning(profile.summary or ""))


def _labeled(label: str, value: str) -> Iterator[Line]:
    if value:
        yield line(Span(f"{label}: ", "label"), value)


def _some(found: Iterator[str]) -> str:
    names = list(found)
    more = f", and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more


def _intervention(of_type: str, name: str) -> str:
    kind = code_words(of_type)
    return f"{value_text(name)} ({kind})" if kind else value_text(name)


def _enrollment(profile: TrialProfile) -> str:
    if profile.enrollment is None:
        return ""
    kind = f" ({code_words(profile.enrollment_type)})" if profile.enrollment_type else ""
    return f"{profile.enrollment:,} participants{kind}"


def _sites(profile: TrialProfile) -> str:
    sites = profile.sites
    if not sites:
        return ""
    many = count_text(sum(count for _, count in sites), "site")
    if len(sites) == 1:
        return f"{many} in {value_text(sites[0][0])}"
    countries = count_text(len(sites), "country", "countries")
    listed = ", ".join(f"{value_text(country)} {count}" for country, count in sites[:_COUNTRIES])
    more = f", and {len(sites) - _COUNTRIES} more" if len(sites) > _COUNTRIES else ""
    return f"{many} in {countries}: {listed}{more}"


def _dates(profile: TrialProfile) -> str:
    found = (
        ("start", profile.start),
        ("primary completion", profile.primary_completion),
        ("completion", profile.completion),
    )
    return ", ".join(f"{name} {_date(one)}" for name, one in found if one is not None)


def _date(planned: PlannedDate) -> str:
    kind = f" ({planned.type.lower()})" if planned.type else ""
    return value_text(planned.date) + kind


def _beginning(text: str) -> str:
    """Return the first lines of a text, whole sentences where one ends in time."""
    flat = " ".join(unescape(text).split())
    if len(flat) <= _SUMMARY:
        return flat
    # Only in its second half: a sentence that ends earlier would leave too little.
    end = flat.rfind(". ", _SUMMARY // 2, _SUMMARY)
    return flat[: end + 1] if end > 0 else flat[:_SUMMARY].rsplit(" ", 1)[0] + " …"
