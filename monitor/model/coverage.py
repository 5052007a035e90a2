"""Coverage: the fields that a source states, so that a missing one is never taken for removed.

Parsers make it, ``detect`` compares only what both records cover.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from monitor.model import fields
from monitor.model.fields import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The set of paths that a record's source states.

    ``everything``: all paths but those under ``but``; ``leaves`` adds single paths (all of
    them when ``everything`` is False). Paths carry no list keys. ``run_in`` names lists that
    the source runs into one line of text, so that only their joined words are known.
    """

    # Example: a response of the history states everything but the derived section.
    everything: bool = False
    but: frozenset[Path] = frozenset()
    leaves: frozenset[Path] = frozenset()
    # Example: "lupus, nephritis" on one line of a saved page: two keywords, or one with a comma.
    run_in: frozenset[Path] = frozenset()
    # All paths on the way to a leaf, precomputed: looked up for every field of every site.
    _stated: frozenset[Path] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        stated = frozenset(leaf[:end] for leaf in self.leaves for end in range(len(leaf) + 1))
        # A frozen dataclass has no other way.
        object.__setattr__(self, "_stated", stated)

    @classmethod
    def complete(cls) -> "Coverage":
        """Return the coverage of a record that states every field."""
        return _COMPLETE

    @classmethod
    def all_but(cls, prefixes: Iterable[Path]) -> "Coverage":
        """Return the coverage of a record that states every field outside the prefixes."""
        return cls(everything=True, but=frozenset(prefixes))

    @classmethod
    def of(cls, leaves: Iterable[Path], *, run_in: Iterable[Path] = ()) -> "Coverage":
        """Return the coverage of a record that states just these leaves."""
        return cls(leaves=frozenset(leaves), run_in=frozenset(run_in))

    @property
    def is_complete(self) -> bool:
        """True when nothing is left out."""
        return self.everything and not self.but

    def states(self, path: Path) -> bool:
        """Return whether the source states the field at ``path`` (present or absent).

        A module or list is stated when any leaf in it is.
        """
        if self.everything and not any(path[: len(out)] == out for out in self.but):
            return True
        return path in self._stated

    def without(self, paths: Iterable[Path]) -> "Coverage":
        """Return the coverage of a record that leaves these paths out as well."""
        out = frozenset(path for path in paths if self.states(path))
        if not out:
            return self
        but = self.but | out if self.everything else self.but
        return replace(self, but=but, leaves=self.leaves - out)

    def union(self, other: "Coverage") -> "Coverage":
        """Return what either of the two states (the record merged with another)."""
        if self.is_complete or other.is_complete:
            return _COMPLETE
        everything = self.everything or other.everything
        but: frozenset[Path] = frozenset()
        # What one leaves out counts only where the other leaves it out as well.
        if self.everything and other.everything:
            but = frozenset(out for out in self.but if not other.states(out)) | frozenset(
                out for out in other.but if not self.states(out)
            )
        elif everything:
            but = self.but | other.but
        # A list that either of them states item by item is known by its items.
        run_in = frozenset(
            path
            for path in self.run_in | other.run_in
            if not (self.states(path) and path not in self.run_in)
            and not (other.states(path) and path not in other.run_in)
        )
        return Coverage(
            everything=everything, but=but, leaves=self.leaves | other.leaves, run_in=run_in
        )


_COMPLETE = Coverage(everything=True)

ABSENCE = Coverage.of(
    (fields.NCT_ID, fields.REGISTRY_PRESENCE, fields.REGISTRY_MERGED_INTO, fields.REGISTRY_MESSAGE)
)
"""What a source states that says no more of a record than that it is no longer shown."""
