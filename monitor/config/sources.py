"""What can be set for a source: one struct for each type of ``[[source]]`` table."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal

from msgspec import Meta, field

from monitor.config import durations
from monitor.config.section import Section

_QUERY_WORDS = "cond, term, locn, titles, intr, outc, spons, lead, id, patient"

_CRON_FIELD = "[0-9A-Za-z*/,-]+"
_CronFields = Annotated[str, Meta(pattern=rf"^\s*({_CRON_FIELD}\s+){{4}}{_CRON_FIELD}\s*\Z")]
Duration = Annotated[timedelta, Meta(description=durations.DESCRIPTION)]
Filled = Annotated[str, Meta(pattern=r"\S")]

# The parameters query.… of API v2 (its document, version 2.0.5).
QUERY_KEYS = tuple(_QUERY_WORDS.split(", "))
# The parameters filter.… of the same, and what each takes.
FILTER_KEYS: Mapping[str, tuple[str, str]] = {
    "overallStatus": (
        r"^[A-Z_]+([|,][A-Z_]+)*\Z",
        "statuses in the registry's spelling with | between them: RECRUITING|COMPLETED",
    ),
    "geo": (
        r"^distance\(-?\d+(\.\d+)?,-?\d+(\.\d+)?,\d+(\.\d+)?(km|mi)?\)\Z",
        "distance(LATITUDE,LONGITUDE,DISTANCE), for example distance(39.0,-77.1,50mi)",
    ),
    "ids": (r"\S", "NCT IDs with | between them"),
    "advanced": (r"\S", "an expression, for example AREA[Phase]PHASE3"),
    "synonyms": (
        r"^[^|,:]+:[^|,:]+([|,][^|,:]+:[^|,:]+)*\Z",
        "AREA:ID pairs with | between them: ConditionSearch:1651367",
    ),
}


FOLLOWED_BY_COMMAND = "followed by command"
"""The name of the source of the trials that `monitor follow` was given."""


class SourceSettings(Section, frozen=True, kw_only=True):
    """What every source has: a name, and either an interval or a cron expression."""

    name: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9]([A-Za-z0-9 ._-]{0,62}[A-Za-z0-9])?\Z",
            description=(
                "1 to 64 letters (A to Z), digits, spaces, dots, dashes and underscores, a letter"
                " or digit first and last"
            ),
        ),
    ]
    every: Annotated[timedelta | None, Meta(description=durations.DESCRIPTION)] = None
    cron: Annotated[
        _CronFields | None,
        Meta(
            description=(
                "minute, hour, day of the month, month and day of the week, for example"
                ' "30 14 * * 1-5"'
            ),
        ),
    ] = None
    timezone: Annotated[
        str, Meta(description="a name of the IANA time zone database: UTC, Europe/Madrid")
    ] = "UTC"
    enabled: Annotated[bool, Meta(description="true or false")] = True


class CtgovSourceSettings(SourceSettings, frozen=True, kw_only=True):
    """A search, a list of records or the whole of ClinicalTrials.gov.

    ``nct_ids`` are in the registry's spelling, without repeats. ``query`` and ``filter`` have
    the short names: ``{"cond": "lupus"}`` is ``query.cond``. At least one of ``nct_ids``,
    ``query``, ``filter`` and ``all`` is given, ``all`` without query and filter.
    """

    type: Annotated[Literal["ctgov"], Meta(description="ctgov")] = "ctgov"
    base_url: Annotated[
        str,
        Meta(description="http:// or https:// and a host, without user, password, ? and #"),
    ] = "https://clinicaltrials.gov"
    nct_ids: Annotated[tuple[str, ...], Meta(description='a list of NCT IDs: ["NCT06733935"]')] = ()
    query: Annotated[
        dict[str, Filled],
        Meta(description=f'a table of texts, {{ cond = "lupus" }}, with the keys {_QUERY_WORDS}'),
    ] = field(default_factory=dict)
    filter: Annotated[
        dict[str, Filled],
        Meta(
            description='a table of texts, { overallStatus = "RECRUITING" }, with the keys '
            + ", ".join(FILTER_KEYS)
        ),
    ] = field(default_factory=dict)
    all: Annotated[bool, Meta(description="true or false")] = False
    reread_every: Duration = timedelta(days=7)
    backfill: Annotated[bool, Meta(description="true or false")] = False


class FilesSourceSettings(SourceSettings, frozen=True, kw_only=True):
    """A folder that is looked into; a file is read once it has not changed for ``settle_s``."""

    type: Annotated[Literal["files"], Meta(description="files")] = "files"
    path: Annotated[str, Meta(pattern=r"\S", description="the path of a folder")]
    settle_s: Annotated[
        float, Meta(ge=0, le=3600, description="a number of seconds from 0 to 3600")
    ] = 10.0


AnySourceSettings = CtgovSourceSettings | FilesSourceSettings

SOURCE_TYPES: Mapping[str, type[CtgovSourceSettings] | type[FilesSourceSettings]] = {
    "ctgov": CtgovSourceSettings,
    "files": FilesSourceSettings,
}
