"""The first stage of a pass: the search, page by page, until it is whole.

What it does not bring, ``batches`` fetches by ID afterwards.
"""

from collections.abc import Iterator

from monitor.errors import SourceError
from monitor.sources.base import SourcePage
from monitor.sources.ctgov.checkpoint import Stage
from monitor.sources.ctgov.crawl import Crawl
from monitor.sources.ctgov.query import digest, search_parameters

_MORE_WALKS = 3


def search(crawl: Crawl) -> Iterator[SourcePage]:
    """Yield the pages of the search from where the pass is.

    The order may shift between pages and a page may come twice; then fewer records are seen than
    the registry says there are, and the search is walked through again, adding to what was seen.
    SourceError with the numbers when that does not help.
    """
    wanted = search_parameters(crawl.following)
    if wanted is None or crawl.at.leg not in (Stage.SEARCH, Stage.COUNT):
        return
    params = crawl.restrict_to_updates(wanted)
    for walks in range(_MORE_WALKS + 1):
        if crawl.at.leg is Stage.SEARCH:
            yield from _walk(crawl, params)
        if crawl.at.leg is Stage.COUNT and _is_whole(crawl, walks):
            return
        crawl.report(
            "search_incomplete",
            seen=crawl.source_state.seen_in(crawl.at.number),
            total=crawl.at.total,
        )
        # The sightings of the walk before stay stored, so that this one need only bring what that
        # one missed.
        crawl.advance(leg=Stage.SEARCH, token=None, total=None, unnamed=0)
    raise SourceError(
        f"the registry's list of {crawl.following.name!r} could not be read whole in"
        f" {_MORE_WALKS + 1} tries: {crawl.source_state.seen_in(crawl.at.number)} different"
        " records were seen, fewer than it says there are"
    )


def _walk(crawl: Crawl, params: dict[str, str]) -> Iterator[SourcePage]:
    hashed = digest(params)
    # A token used with other parameters brings wrong rows, and no error.
    token = crawl.at.token if crawl.at.params == hashed else None
    for response in crawl.walk(params, token):
        page = response.page
        yield from crawl.emit_page(
            page.studies,
            membership=crawl.memberships.of_search,
            retrieved_at=response.at,
            leg=Stage.SEARCH if page.token else Stage.COUNT,
            token=page.token,
            params=hashed,
            total=crawl.at.total if page.total is None else page.total,
            unnamed=crawl.at.unnamed + sum(one.nct_id is None for one in page.studies),
        )
        del response, page  # or their bytes would stay while the next page is fetched


def _is_whole(crawl: Crawl, walks: int) -> bool:
    """Return whether all records were seen; those without an ID count once all was read again."""
    if crawl.at.total is None:
        return True
    # Counted in the store, not here: after a crash the first half of the pages is only there.
    missing = crawl.at.total - crawl.source_state.seen_in(crawl.at.number)
    return missing <= (crawl.at.unnamed if walks else 0)
