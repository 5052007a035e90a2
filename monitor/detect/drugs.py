"""Which drugs a text names: those of the record, and what is named as drugs are."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from monitor.detect.texts import LONGEST_COMPARED, fold_text, plain

# Endings by which the World Health Organization names groups of substances (INN stems), each with
# letters before it; those that end common words, too, are left out or written longer.
_STEM = (
    r"mab|nib|zomib|ciclib|parib|lisib|degib|clax|limus|domide|platin|taxel|rubicin|tecan|abine"
    r"|rasib|lutamide|gepant|orexant|fibrate|trexate|trexed|vedotin|leucel|parvovec|siran|nersen|(?:ner|ber|ta)cept|grastim|poetin"
    r"|statin|sartan|[^ap]pril|olol|dipine|thiazide|semide|lactone|xaban|gatran|[^n]grel|parin"
    r"|gliptin|gliflozin|glutide|natide|glitazone|formin|cillin|mycin|micin|cycline|floxacin"
    r"|penem|azole|vir|fungin|quine|vudine|asone|olone|onide|profen|coxib|triptan|setron|caine"
    r"|azepam|azolam|barbital|peridol|oxetine|triptyline|azine|apine|idone|gabalin|terol|tropium"
    r"|lukast|tidine|prazole|dronate|relin|relix|gestrel|mustine|fosfamide|phosphamide|poside|cristine|uracil|farin|parinux|thyroxine"
)
_NAMED_AS_DRUGS = re.compile(
    rf"(?<![\w-])(?:\w{{2,}}(?:{_STEM})|placebo|sham|aspirin|insulin|ketamine|heparin|saline"
    r"|[a-z]{2,5}-?\d{3,6}[a-z]?|\w{1,4}-dxd)(?![\w-])"
)
_SHORTEST_NAME = 4


class Drugs:
    """The drugs of a record's versions: one drug under its name and its other names.

    ``interventions``: those of both versions, as the registry has them.
    """

    def __init__(self, interventions: Iterable[Mapping[str, Any]]) -> None:
        self._drug_of: dict[str, str] = {}
        for one in interventions:
            names = [name for name in _names(one) if len(name) >= _SHORTEST_NAME]
            drug = next((self._drug_of[name] for name in names if name in self._drug_of), None)
            for name in names:
                self._drug_of.setdefault(name, drug or names[0])
        # Longer names first: "thing xr" is not "thing".
        ranked = sorted(self._drug_of, key=lambda name: (-len(name), name))
        listed = "|".join(map(re.escape, ranked))
        self._listed = re.compile(rf"(?<![\w-])(?:{listed})(?![\w-])") if listed else None

    def named_in(self, text: str) -> frozenset[str]:
        """Return the drugs that a text names, each by one name whichever it is named by."""
        words = fold_text(plain(text)[:LONGEST_COMPARED])
        found: set[str] = set()
        if self._listed is not None:
            found.update(self._drug_of[name] for name in self._listed.findall(words))
            words = self._listed.sub(" ", words)
        return frozenset(found.union(map(self._known, _NAMED_AS_DRUGS.findall(words))))

    def _known(self, word: str) -> str:
        """Return the drug of the record whose name has this word; else the word."""
        pattern = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
        return next((d for name, d in self._drug_of.items() if pattern.search(name)), word)


def _names(intervention: Mapping[str, Any]) -> Sequence[str]:
    others = intervention.get("otherNames")
    values = [intervention.get("name"), *(others if isinstance(others, list) else [])]
    return [fold_text(plain(value)) for value in values if isinstance(value, str)]
