"""Which versions the arguments of a comparison mean."""

from collections.abc import Sequence

from monitor.app.versions import by_text
from monitor.errors import NotFoundError
from monitor.model.history import StoredVersion


def resolve_versions(
    versions: Sequence[StoredVersion], old: str | None, new: str | None
) -> tuple[int, int]:
    """Return the positions of the versions to compare; the last two when none are named."""
    if old is None and len(versions) == 1:
        raise NotFoundError(
            f"{versions[0].nct_id} has one version so far: there is nothing to compare it with"
        )
    # Positions from 0; with FROM alone it is compared with the last version.
    first = len(versions) - 2 if old is None else by_text(versions, old)
    last = len(versions) - 1 if new is None else by_text(versions, new)
    return first, last
