"""Match the primary outcomes of two versions by their content words, in all three lists.

``outcomes`` calls it; ``outcome_verdicts`` makes the events.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from monitor.detect.contradictions import contradict
from monitor.detect.likeness import Bag, WordWeights
from monitor.detect.pairing import MAX_COMPARISONS
from monitor.detect.texts import plain, same_words
from monitor.model import fields
from monitor.model.changes import FieldChange, Op
from monitor.model.fields import Path

# The outcomes of one version, by the path of their list.
Lists = Mapping[Path, Sequence[Any]]
Same = Literal["sure", "likely", "doubtful"]

# From here on two outcomes of one list are one in other words; below LIKELY it takes a person to
# tell, from SURE on it does not.
PAIRED = 0.38
LIKELY = 0.42
SURE = 0.7
# From here on an outcome stayed in its list, however alike one of another list is.
STAYS = 0.55
# From here on it is the same in another list as it was in its own, whatever took its place.
UNCHANGED = 1.0
# From here on one that left the primary list is one that came to another; of one that came to the
# primary list it has to be sure: it is described at length, and has many to be mistaken for.
DEMOTED = 0.4
PROMOTED = SURE
# From here on one that left the primary list stood in another already.
ELSEWHERE = 0.6
# So much of one outcome's weight standing in another makes it a part of that one.
PART = 0.5
# Words of so much weight name something: two that are not of every trial.
A_NAME = 1.5


@dataclass(frozen=True, slots=True)
class OutcomeVerdict:
    """How surely two outcomes are one, and how alike their words are, from 0 to 1."""

    same: Same
    likeness: float

    @classmethod
    def of(cls, likeness: float) -> "OutcomeVerdict":
        """Return the verdict for a degree of likeness."""
        same: Same = "sure" if likeness >= SURE else "likely" if likeness >= LIKELY else "doubtful"
        return cls(same, round(likeness, 2))

    def facts(self) -> dict[str, Any]:
        """Return it as facts of an event."""
        return {"same": self.same, "likeness": self.likeness}


class OutcomeWords:
    """The content words of the outcomes of two versions."""

    def __init__(self, old: Sequence[Any], new: Sequence[Any]) -> None:
        self._vocabulary = WordWeights(
            *((text_of(one, "measure") for one in side) for side in (old, new)),
            glossary=(text_of(one, "description", "timeFrame") for one in (*old, *new)),
        )
        self._wholes: dict[tuple[str, str], Bag] = {}

    def bag(self, text: str) -> Bag:
        """Return the words of any text."""
        return self._vocabulary.bag(text)

    def measure(self, outcome: Any) -> Bag:
        """Return the words of what is measured."""
        return self._vocabulary.bag(text_of(outcome, "measure"))

    def whole(self, outcome: Any) -> Bag:
        """Return the words of the outcome with its description and time frame."""
        texts = text_of(outcome, "measure"), text_of(outcome, "description", "timeFrame")
        found = self._wholes.get(texts)
        if found is None:
            measure, more = (self._vocabulary.bag(text) for text in texts)
            found = self._wholes[texts] = measure.with_words(more)
        return found

    def likeness(self, one: Any, other: Any) -> float:
        """Return how alike two outcomes are, from 0 to 1.

        By their measures, or by the measure of one standing in the description of the other; of two
        that do so in part, the longer one counts for more.
        """
        if contradict(measure_of(one), measure_of(other)):
            return 0.0
        ours, theirs = self.measure(one), self.measure(other)
        mine, yours = ours.share_in(self.whole(other)), theirs.share_in(self.whole(one))
        weighed = (mine * ours.total + yours * theirs.total) / (ours.total + theirs.total or 1)
        described = max((mine + yours) / 2, weighed)
        return max(self.likeness_of_measures(one, other), described)

    def likeness_of_measures(self, one: Any, other: Any) -> float:
        """Return how alike two outcomes are by what they measure alone, from 0 to 1."""
        if contradict(measure_of(one), measure_of(other)):
            return 0.0
        ours, theirs = self.measure(one), self.measure(other)
        inside = max(ours.share_in(theirs), theirs.share_in(ours))
        return (ours.likeness(theirs) + inside) / 2


@dataclass(slots=True)
class OutcomeGroup:
    """Outcomes of the old version that are one with outcomes of the new, and all their changes.

    One on each side is the same outcome in other words; several new ones were split off the old
    one, several old ones were joined.
    """

    old_items: list[Any]
    new_items: list[Any]
    changes: list[FieldChange]
    verdict: OutcomeVerdict


@dataclass(frozen=True, slots=True)
class OutcomeMove:
    """An outcome that left the primary list for another, or came from there.

    ``changes``: its own and, where it was not there before, that of the other list; ``item`` and
    ``path``: the outcome in that list.
    """

    changes: list[FieldChange]
    item: Any
    path: Path
    verdict: OutcomeVerdict


@dataclass(slots=True)
class OutcomePairs:
    """What became of the primary outcomes that differ.

    ``left`` and ``lesser``: those of the primary and the other lists that found no partner.
    """

    groups: list[OutcomeGroup]
    left: list[FieldChange]
    lesser: list[FieldChange]
    moved: list[OutcomeMove] = field(default_factory=list)

    def pair(self, likeness: float, change: FieldChange, other: FieldChange) -> None:
        """Put two outcomes of the primary list together."""
        removed, added = (change, other) if change.op == "removed" else (other, change)
        self._take(change, other)
        verdict = OutcomeVerdict.of(likeness)
        self.groups.append(OutcomeGroup([removed.before], [added.after], [removed, added], verdict))

    def move(self, likeness: float, change: FieldChange, other: FieldChange) -> None:
        """Note that an outcome changed lists."""
        self._take(change, other)
        self.moved.append(
            OutcomeMove([change, other], item_of(other), other.field, OutcomeVerdict.of(likeness))
        )

    def keep_elsewhere(self, likeness: float, change: FieldChange, item: Any, path: Path) -> None:
        """Note that an outcome stays in another list, where it was before."""
        self._take(change)
        self.moved.append(OutcomeMove([change], item, path, OutcomeVerdict.of(likeness)))

    def take_part(self, part: Bag, op: Op, words: OutcomeWords) -> FieldChange | None:
        """Return the outcome of another list that a part of a primary one became, or was."""
        for change in self.lesser:
            if change.op == op and part.likeness(words.measure(item_of(change))) >= ELSEWHERE:
                self._take(change)
                return change
        return None

    def take_words(self, lost: Bag, op: Op, words: OutcomeWords) -> FieldChange | None:
        """Return the outcome of another list with most of what a primary one lost, or gained."""
        if lost.total < A_NAME:
            return None
        for change in self.lesser:
            if change.op == op and lost.share_in(words.measure(item_of(change))) >= PART:
                self._take(change)
                return change
        return None

    def join(self, change: FieldChange, group: OutcomeGroup) -> None:
        """Put an outcome that is a part of one on the other side into that one's group."""
        self._take(change)
        (group.old_items if change.op == "removed" else group.new_items).append(item_of(change))
        group.changes.append(change)

    def has_left(self, change: FieldChange) -> bool:
        """Return whether an outcome of any list has no partner yet."""
        return any(change is one for one in (*self.left, *self.lesser))

    def _take(self, *changes: FieldChange) -> None:
        taken = {id(change) for change in changes}
        self.left = [change for change in self.left if id(change) not in taken]
        self.lesser = [change for change in self.lesser if id(change) not in taken]


def match_outcomes(
    whole: Sequence[FieldChange],
    edits: Sequence[OutcomeGroup],
    lesser: Sequence[FieldChange],
    words: OutcomeWords,
    sides: tuple[Lists, Lists],
) -> OutcomePairs:
    """Find what the outcomes that left the primary list, or came to it, are on the other side.

    ``whole``: changes that add or remove a primary outcome; ``edits``: outcomes that the two
    versions share, edited; ``lesser``: changes that add or remove one of another list; ``sides``:
    all outcomes of both versions. The surest pairs come first, so that of two outcomes that differ
    in one word each finds its own; what surely stayed in its list did not leave it for a likelier
    one of another.
    """
    found = OutcomePairs(list(edits), list(whole), list(lesser))
    # With as many outcomes as before, none was split or joined.
    counts_differ = len({len(side[fields.PRIMARY_OUTCOMES]) for side in sides}) > 1
    for likeness, change, other in _rank_pairs(whole, lesser, words):
        if not (found.has_left(change) and found.has_left(other)):
            continue
        share, host = _host(change, found.groups, words)
        if change.field == other.field:
            found.pair(likeness, change, other)
        elif counts_differ and host and share > likeness:
            found.join(change, host)
        else:
            found.move(likeness, change, other)
    for change in found.left:
        share, host = _host(change, found.groups, words)
        is_alone = found.left == [change]
        if counts_differ and host and (
            share >= PART or _is_piece(change)
            or (is_alone and _is_the_other_half(change, host, words))
        ):  # fmt: skip
            found.join(change, host)
        elif change.op == "removed":
            likeness, item, path = _elsewhere(change, sides[1], words)
            if likeness >= ELSEWHERE:
                found.keep_elsewhere(likeness, change, item, path)
    return found


def _elsewhere(change: FieldChange, lists: Lists, words: OutcomeWords) -> tuple[float, Any, Path]:
    """Return the likest outcome of these lists but its own, by what it measures.

    Descriptions do not count: two outcomes that one version states side by side are two, even if
    each names the other ("Maximum tolerated dose, by adverse events"; "Adverse events, by dose").
    """
    own = item_of(change)
    others = [
        (item, path) for path, items in lists.items() if path != change.field for item in items
    ]
    # Each is compared with its description: a tenth as many as names alone.
    if len(others) > MAX_COMPARISONS // 10:
        return 0.0, None, change.field
    scored = ((words.likeness_of_measures(own, item), item, path) for item, path in others)
    none = (0.0, None, change.field)
    return max(scored, key=lambda one: (one[0], measure_of(one[1]), one[2]), default=none)


def _rank_pairs(
    whole: Sequence[FieldChange], lesser: Sequence[FieldChange], words: OutcomeWords
) -> list[tuple[float, FieldChange, FieldChange]]:
    """Return the pairs that may be one outcome, the most alike first; ties in the order given."""
    removed = [change for change in whole if change.op == "removed"]
    added = [change for change in whole if change.op == "added"]
    found: list[tuple[float, FieldChange, FieldChange]] = []
    for left, right, least in (
        (removed, added, PAIRED),
        (removed, [c for c in lesser if c.op == "added"], DEMOTED),
        (added, [c for c in lesser if c.op == "removed"], PROMOTED),
    ):
        if len(left) * len(right) > MAX_COMPARISONS:
            continue
        scored = ((words.likeness(item_of(x), item_of(y)), x, y) for x in left for y in right)
        found.extend(one for one in scored if one[0] >= least)
    return sorted(found, key=_rank)


def best_pairs(
    removed: Sequence[FieldChange], added: Sequence[FieldChange], words: OutcomeWords
) -> list[tuple[float, FieldChange, FieldChange]]:
    """Return which outcomes are one: in other words, in another list, or both; the surest first.

    ``removed`` and ``added``: changes that remove and add one; each is in one pair at most.
    """
    scored = ((words.likeness(item_of(x), item_of(y)), x, y) for x in removed for y in added)
    ranked = sorted(
        (one for one in scored if one[0] >= (PAIRED if one[1].field == one[2].field else DEMOTED)),
        key=_rank,
    )
    found: list[tuple[float, FieldChange, FieldChange]] = []
    taken: set[int] = set()
    for pair in ranked:
        if taken.isdisjoint(map(id, pair[1:])):
            taken.update(map(id, pair[1:]))
            found.append(pair)
    return found


def _rank(pair: tuple[float, FieldChange, FieldChange]) -> tuple[int, float]:
    """Order pairs: what is as it was, or surely stayed in its list, then whatever is most alike."""
    likeness, change, other = pair
    least = STAYS if change.field == other.field else UNCHANGED
    # Between lists only the very same goes first: docs/meaning.md, "Pairs".
    return (0 if likeness >= least else 1), -likeness


def _host(
    change: FieldChange, groups: Sequence[OutcomeGroup], words: OutcomeWords
) -> tuple[float, OutcomeGroup | None]:
    """Return the group that an outcome may be a part of, and how much of it is found there.

    One of the same measure as an outcome that kept it is no part of that: one of two is gone.
    """
    own = words.measure(item_of(change))
    removed = change.op == "removed"
    best: tuple[float, OutcomeGroup | None] = (0.0, None)
    for group in groups:
        hosts, before = (
            (group.new_items, group.old_items) if removed else (group.old_items, group.new_items)
        )
        names = {
            plain(measure_of(one)).casefold() for one in (before[0], hosts[0], item_of(change))
        }
        if len(names) == 1:
            continue
        for host in hosts[:1]:
            share = own.share_in(words.whole(host))
            if share > best[0] and not _are_distinct(change, host):
                best = (share, group)
    return best


def _is_the_other_half(change: FieldChange, group: OutcomeGroup, words: OutcomeWords) -> bool:
    """Return whether an outcome that is in other words now became two, or is what two became.

    Either of the two would be taken for the one if it were alone.
    """
    removed = change.op == "removed"
    hosts, others = (
        (group.new_items, group.old_items) if removed else (group.old_items, group.new_items)
    )
    return (
        len(hosts) == len(others) == 1
        and not same_words(measure_of(hosts[0]), measure_of(others[0]))
        and words.likeness(item_of(change), hosts[0]) >= PAIRED
    )


def _is_piece(change: FieldChange) -> bool:
    """Return whether a measure is a piece of a sentence: "or less than 5 %", "a composite of:"."""
    measure = plain(measure_of(item_of(change))).strip()
    return measure.endswith(":") or measure.startswith(("or ", "and "))


def _are_distinct(change: FieldChange, host: Any) -> bool:
    return contradict(measure_of(item_of(change)), measure_of(host))


def item_of(change: FieldChange) -> Any:
    """Return the outcome that was added or removed."""
    return change.after if change.op == "added" else change.before


def text_of(outcome: Any, *names: str) -> str:
    """Return these attributes of an outcome as one text; empty where they are no texts."""
    if isinstance(outcome, str):
        return outcome
    if not isinstance(outcome, Mapping):
        return ""
    found = (outcome.get(name) for name in names)
    return " . ".join(text for text in found if isinstance(text, str))


def measure_of(outcome: Any) -> str:
    """Return what an outcome measures; empty where it does not say."""
    return text_of(outcome, "measure")


def outcome_name(outcome: Any) -> Any:
    """Return what names an outcome for people: its measure as the registry has it."""
    return outcome.get("measure") if isinstance(outcome, Mapping) else outcome
