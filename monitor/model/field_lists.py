"""Natural keys of lists, by which items are compared: a part of the catalogue (``fields``)."""

from dataclasses import dataclass

from monitor.model.field_paths import (
    ARM_GROUPS,
    AVAIL_IPDS,
    CENTRAL_CONTACTS,
    COLLABORATORS,
    CONDITIONS,
    INTERVENTION_OTHER_NAMES,
    INTERVENTIONS,
    KEYWORDS,
    LARGE_DOCS,
    LOCATION_CONTACTS,
    LOCATIONS,
    OTHER_OUTCOMES,
    OVERALL_OFFICIALS,
    PRIMARY_OUTCOMES,
    REFERENCES,
    RESULTS,
    RETRACTIONS,
    SECONDARY_IDS,
    SECONDARY_OUTCOMES,
    SEE_ALSO_LINKS,
    UNPOSTED_EVENTS,
    Path,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRule:
    """How the items of one list are identified; never by their position.

    ``key``: attributes that name an item (its natural key), in the order in which they are
    shown. ``any_of``: the first of these that an item has is its key. ``bucket``: attributes
    that items must share to be taken for a renamed one (a site stays in its city).
    ``rename``: leftovers may be paired by similarity at all. ``texts``: attributes whose words
    tell how alike two items are. ``family``: lists between which items move. ``post``: attributes
    of the place that an item fills; the one that left it and the one that came are one, changed.
    """

    key: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    bucket: tuple[str, ...] = ()
    rename: bool = False
    texts: tuple[str, ...] = ()
    family: tuple[Path, ...] = ()
    post: tuple[str, ...] = ()


_PERSON = ListRule(key=("name",), rename=True, texts=("name",), post=("role",))
_OUTCOME = ListRule(
    key=("measure",), rename=True, texts=("measure", "description", "timeFrame"),
    family=(PRIMARY_OUTCOMES, SECONDARY_OUTCOMES, OTHER_OUTCOMES),
)  # fmt: skip

LIST_RULES: dict[Path, ListRule] = {
    ARM_GROUPS: ListRule(key=("label",), rename=True, texts=("label", "description")),
    INTERVENTIONS: ListRule(
        key=("type", "name"), rename=True, bucket=("type",), texts=("name", "description")
    ),
    PRIMARY_OUTCOMES: _OUTCOME,
    SECONDARY_OUTCOMES: _OUTCOME,
    OTHER_OUTCOMES: _OUTCOME,
    LOCATIONS: ListRule(
        key=("facility", "city", "state", "zip", "country"),
        bucket=("country", "city"),
        rename=True,
        texts=("facility", "zip", "state"),
    ),
    LOCATION_CONTACTS: _PERSON,
    CENTRAL_CONTACTS: _PERSON,
    OVERALL_OFFICIALS: _PERSON,
    COLLABORATORS: ListRule(key=("name",), rename=True, texts=("name",), post=("class",)),
    SECONDARY_IDS: ListRule(key=("id",)),
    REFERENCES: ListRule(any_of=("pmid", "citation"), rename=True, texts=("citation",)),
    RETRACTIONS: ListRule(any_of=("pmid", "source")),
    SEE_ALSO_LINKS: ListRule(any_of=("url", "label"), rename=True, texts=("label", "url")),
    AVAIL_IPDS: ListRule(any_of=("id", "url"), rename=True, texts=("type", "url", "comment")),
    LARGE_DOCS: ListRule(
        any_of=("filename", "label"), rename=True, bucket=("typeAbbrev",), texts=("label",)
    ),
    UNPOSTED_EVENTS: ListRule(key=("type", "date")),
}

# Keys of lists that the table above does not name (the results section has dozens): the first
# of these attributes that an item carries.
FALLBACK_KEYS = ("id", "title", "label", "name", "term", "measure", "groupId", "type")

# Lists of groups in posted results, and what else in them refers to a group by its id.
GROUP_LISTS = frozenset({"groups", "eventGroups"})
GROUP_ID, GROUP_IDS = "groupId", "groupIds"
GROUP_VALUES = frozenset(
    {"achievements", "counts", "measurements", "reasons", "stats", *GROUP_LISTS, GROUP_IDS}
)
"""The lists in results that have an item for each group."""

# Lists that a saved page may run into one line of text; such a line equals a list that joins
# to the same words.
RUN_IN_LISTS = frozenset({CONDITIONS, KEYWORDS, INTERVENTION_OTHER_NAMES})

# Attributes of a list item that its place and name consist of: a change of these alone is
# another spelling of the same site.
SITE_NAME_ATTRIBUTES = frozenset({"facility", "city", "state", "zip", "country"})

_FALLBACK = ListRule(any_of=FALLBACK_KEYS, rename=True)
# What is of one group is never what was of another.
_OF_GROUPS = ListRule(any_of=("id", GROUP_ID, "title"))


def list_rule(path: Path) -> ListRule:
    """Return the rule that identifies items of the list at ``path``."""
    found = LIST_RULES.get(path)
    if found is None:
        in_results = path[:1] == RESULTS and path[-1] in GROUP_VALUES
        found = _OF_GROUPS if in_results else _FALLBACK
    return found
