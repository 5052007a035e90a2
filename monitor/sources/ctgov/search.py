"""The first stage of a pass: the search, page by page, until it is whole.

What it does not bring, ``batches`` asks for by ID afterwards.
"""

from collections.abc import Iterator

from monitor.errors import SourceError
from monitor.sources.base import Page
from monitor.sources.ctgov.checkpoint import Stage
from monitor.sources.ctgov.crawl import Crawl
from monitor.sources.ctgov.query import digest, search_parameters

_MORE_WALKS = 3


def search(run: Crawl) -> Iterator[Page]:
    """Yield the pages of the search from where the pass is.

    The order may shift between pages and a page may come twice; then fewer records are seen than
    the registry says there are, and the search is walked through again, adding to what was seen.
    SourceError with the numbers when that does not help.
    """
    wanted = search_parameters(run.following)
    if wanted is None or run.at.leg not in (Stage.SEARCH, Stage.COUNT):
        return
    params = run.narrowed(wanted)
    for walks in range(_MORE_WALKS + 1):
        if run.at.leg is Stage.SEARCH:
            yield from _walk(run, params)
        if run.at.leg is Stage.COUNT and _is_whole(run, walks):
            return
        run.tell("search_incomplete", seen=run.memory.seen_in(run.at.number), total=run.at.total)
        # The sights of the walk before stay noted, so that this one need only bring what that one
        # missed.
        run.move(leg=Stage.SEARCH, token=None, total=None, unnamed=0)
    raise SourceError(
        f"the registry's list of {run.following.name!r} could not be read whole in"
        f" {_MORE_WALKS + 1} tries: {run.memory.seen_in(run.at.number)} different records were"
        " seen, fewer than it says there are"
    )


def _walk(run: Crawl, params: dict[str, str]) -> Iterator[Page]:
    hashed = digest(params)
    # A token used with other parameters brings wrong rows, and no error.
    token = run.at.token if run.at.params == hashed else None
    for answered in run.walk(params, token):
        page = answered.cut
        yield from run.put(
            page.studies,
            membership=run.memberships.of_search,
            retrieved_at=answered.at,
            leg=Stage.SEARCH if page.token else Stage.COUNT,
            token=page.token,
            params=hashed,
            total=run.at.total if page.total is None else page.total,
            unnamed=run.at.unnamed + sum(one.nct_id is None for one in page.studies),
        )
        del answered, page  # or their bytes would stay while the next page is fetched


def _is_whole(run: Crawl, walks: int) -> bool:
    """Tell whether all records were seen; those without an ID count once all was read again."""
    if run.at.total is None:
        return True
    # Counted in the store, not here: after a crash the first half of the pages is only there.
    missing = run.at.total - run.memory.seen_in(run.at.number)
    return missing <= (run.at.unnamed if walks else 0)
