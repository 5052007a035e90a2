"""Which stored trials a subscription covers now: by NCT ID, by its filters, or all."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice

from monitor.match.filter_fields import FilterFields
from monitor.match.filters import Hits, compile_filter
from monitor.match.synonyms import NO_SYNONYMS, Synonyms
from monitor.model.alerts import TrialFacts
from monitor.model.history import TrialRow
from monitor.model.subscriptions import Subscription
from monitor.model.welcome import CoveredTrials
from monitor.model.when import AtOnce, next_cutoff
from monitor.store.reader import Reader

# A welcome message names so many trials; the others are counted.
_FIRST = 5
# A record is read in about a millisecond, and the channel waits for it.
_COMPARED = 2_000


def coverage(
    reader: Reader,
    subscriptions: Sequence[Subscription],
    *,
    now: datetime,
    synonyms: Synonyms = NO_SYNONYMS,
) -> Iterator[CoveredTrials]:
    """Yield what each of the subscriptions covers now (aware UTC), in their order.

    Filters are held against the 2,000 trials at most whose records changed last; each record is
    read once for all subscriptions.
    """
    rows = reader.trials()
    filtered = _Filtered(reader, rows, subscriptions, synonyms)
    for one in subscriptions:
        missing: tuple[str, ...] = ()
        found: list[TrialFacts]
        if one.trials.everything:
            found = [_facts(row) for row in rows]
        else:
            named, missing = _named(reader, one)
            found = sorted({*named, *filtered.of(one)}, key=lambda facts: facts.nct_id)
        yield CoveredTrials(
            subscription=one,
            trials=len(found),
            compared=filtered.limit if one.trials.filters and not one.trials.everything else None,
            first=tuple(islice(found, _FIRST)),
            missing=missing,
            next_digest=None if isinstance(one.when, AtOnce) else next_cutoff(one.when, now),
        )


def _named(reader: Reader, one: Subscription) -> tuple[list[TrialFacts], tuple[str, ...]]:
    """Return the trials that a subscription names, and the NCT IDs that are not stored."""
    rows = {
        # The registry merges records: the NCT ID that a subscription names may be an alias by now.
        nct_id: reader.trial(nct_id) or reader.trial_of_alias(nct_id)
        for nct_id in sorted(one.trials.nct_ids)
    }
    missing = tuple(nct_id for nct_id, row in rows.items() if row is None)
    return [_facts(row) for row in rows.values() if row is not None], missing


class _Filtered:
    """The trials that match the filters of some subscriptions.

    ``limit``: how many trials were compared, where these are not all; else None.
    """

    def __init__(
        self,
        reader: Reader,
        rows: Sequence[TrialRow],
        subscriptions: Sequence[Subscription],
        synonyms: Synonyms,
    ) -> None:
        self._found: dict[int, list[TrialFacts]] = {one.id: [] for one in subscriptions}
        self.limit = _COMPARED if len(rows) > _COMPARED else None
        compiled = [
            (one.id, [compile_filter(each, synonyms) for each in one.trials.filters])
            for one in subscriptions
            if one.trials.filters and not one.trials.everything
        ]
        if not compiled:
            return
        newest = sorted(rows, key=lambda row: (row.last_version_date, row.nct_id), reverse=True)
        for row in newest[:_COMPARED]:
            following = reader.sources.following(row.nct_id)
            hits = Hits(FilterFields(reader.newest_record(row), sources=following))
            for number, filters in compiled:
                if any(each.hit(hits) is not None for each in filters):
                    self._found[number].append(_facts(row))

    def of(self, one: Subscription) -> list[TrialFacts]:
        """Return those of one subscription."""
        return self._found[one.id]


def _facts(row: TrialRow) -> TrialFacts:
    return TrialFacts(
        nct_id=row.nct_id,
        title=row.title,
        sponsor=row.lead_sponsor,
        overall_status=row.overall_status,
    )
