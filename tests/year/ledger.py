"""What a receiver was told that drops the ids that it knows, by the data day of which it is."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from tests.year.known import Differences, ReportedChange
from tests.year.receiver import YearReceipt


@dataclass(slots=True, kw_only=True)
class Ledger:
    """All that was told; ``contradictions``: ids that said two things."""

    reported: Counter[ReportedChange] = field(default_factory=Counter)
    repetitions: int = 0
    contradictions: list[str] = field(default_factory=list)
    _known: dict[str, YearReceipt] = field(default_factory=dict)

    @property
    def messages(self) -> int:
        """The number of ids."""
        return len(self._known)

    def note(self, receipts: Sequence[YearReceipt], day: date) -> None:
        """Enter what came while the data of a day were read and told."""
        for receipt in receipts:
            known = self._known.setdefault(receipt.uid, receipt)
            if known is receipt:
                self.reported.update((nct_id, day, kind) for nct_id, kind in receipt.changes())
                continue
            self.repetitions += 1
            if known.statements() != receipt.statements():
                self.contradictions.append(
                    f"{receipt.uid} says {sorted(known.statements() ^ receipt.statements())} or not"
                )

    def compared(
        self, known: Counter[ReportedChange], may_repeat: Counter[ReportedChange]
    ) -> Differences:
        """Return how what was told differs from what had to be; some of it may come again."""
        extra = self.reported - known
        extra -= may_repeat
        return Differences(
            missed=tuple(sorted((known - self.reported).elements())),
            invented=tuple(sorted(one for one in extra.elements() if one not in known)),
            doubled=tuple(sorted(one for one in extra.elements() if one in known)),
        )
