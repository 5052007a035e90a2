"""Where a message leads: to the registry, and to the monitor's own pages where it has any."""

from urllib.parse import quote

from monitor.model.history import StoredVersion
from monitor.render.alerts.page import Link

# Quoted all the same: the ID comes from a record.
_REGISTRY = "https://clinicaltrials.gov/study/"


def record_url(nct_id: str) -> str:
    """Return the address of the registry's record."""
    return _REGISTRY + quote(nct_id, safe="")


def history_url(nct_id: str) -> str:
    """Return the address of the record's history in the registry."""
    return record_url(nct_id) + "?tab=history"


def version_url(public_url: str | None, version: StoredVersion) -> str | None:
    """Return the address of a version's changes in the monitor's own pages; None without any.

    By the version's identity: its number moves when the past is filled in, and a store that is
    restored gives its row to another.
    """
    if public_url is None:
        return None
    trial = f"{public_url.rstrip('/')}/trials/{quote(version.nct_id, safe='')}"
    return f"{trial}/changes/{version.identity.hex()}"


def trial_links(nct_id: str) -> tuple[Link, ...]:
    """Return the registry's record and its history."""
    return (
        Link(text="Record at ClinicalTrials.gov", url=record_url(nct_id)),
        Link(text="History of the record", url=history_url(nct_id)),
    )


def version_link(public_url: str | None, version: StoredVersion) -> Link | None:
    """Return the link to all that changed in a version; None without pages of our own."""
    url = version_url(public_url, version)
    return None if url is None else Link(text="See all changes", url=url)
