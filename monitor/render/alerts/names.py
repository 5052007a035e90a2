"""What a trial is called where there is little room: acronym, intervention or a short title."""

import re

from monitor.model.alerts import TrialFacts
from monitor.model.profile import Treatment
from monitor.render.alerts.registry_text import clean, clip
from monitor.render.values import unescape

_MOST_NAMED = 3
_LONGEST_INTERVENTION = 40
_LONGEST = 90
# What a title begins with that does not tell it from others.
_OPENING = re.compile(
    r"^(?:an?|the)?\s*(?:(?:phase\s+[\w/]+|randomi[sz]ed|double-blind|open-label|multicenter|"
    r"clinical|efficacy|safety|and|study|trial|research)[\s,]+)+"
    r"(?:(?:of|to|on|for)\s+)(?:(?:evaluate|assess|investigate|determine|test|compare)\s+)?(?:(?:an?|the)\s+)?",
    re.IGNORECASE,
)
_ACRONYM = re.compile(r"\w")
# Words of conditions that are no names of people, and generic names of drugs: written small
# behind others. What is not known stays as the registry writes it.
_COMMON = frozenset(
    """
    solid tumor tumors tumour tumours advanced metastatic recurrent refractory relapsed locally
    unresectable cancer carcinoma adenocarcinoma neoplasms malignancy malignancies lymphoma
    leukemia myeloma multiple melanoma sarcoma glioma disease diseases disorder disorders
    syndrome lung breast prostate colorectal gastric liver renal kidney heart ovarian pancreatic
    bladder cell acute chronic severe systemic lupus erythematosus nephritis arthritis
    rheumatoid psoriasis asthma diabetes mellitus type hypertension obesity depression stroke
    failure pain and of the or in with non-small small primary secondary adult pediatric
    """.split()  # noqa: SIM905 - a list that is read as words
)
_GENERIC = re.compile(
    r"[A-Z][a-z]+(?:mab|nib|cel|taxel|platin|parib|ciclib|statin|gliptin|gliflozin|sartan|"
    r"prazole|tide|rubicin|citabine|limus|cept|trexed)"
)


def trial_name(trial: TrialFacts, longest: int = _LONGEST) -> str:
    """Return what a trial is called, in at most that many characters; "" where nothing is stated.

    Its acronym; else its interventions, with the condition where there is room; else its title
    without ``A Study of``: ``BGB-A3055 ± tislelizumab, solid tumors``.
    """
    # An acronym of signs alone ("-") is none.
    if trial.acronym and _ACRONYM.search(trial.acronym):
        return _clean(trial.acronym, longest)
    treated = _treatment(trial.treatment)
    if not treated:
        return _clean(_short_title(trial.title or ""), longest)
    condition = _lower(unescape(trial.conditions[0])) if trial.conditions else ""
    whole = clean(f"{treated}, {condition}" if condition else treated, longest=1_000)
    if len(whole) <= longest:
        return whole
    bare = clean(treated, longest=1_000)
    # A condition of a few letters and "…" says nothing.
    if len(bare) + 12 > longest:
        return clip(bare, longest)
    return clip(whole, longest)


def _treatment(treatment: Treatment) -> str:
    """Write ``A + B ± C``; "" where a name is too long to be one."""
    always, sometimes = (
        [unescape(one) for one in found if len(one) <= _LONGEST_INTERVENTION]
        for found in (treatment.always, treatment.sometimes)
    )
    if not always:
        return ""
    # "Pembrolizumab + carboplatin": the first stays as it begins the line.
    always[1:], sometimes = map(_generic, always[1:]), list(map(_generic, sometimes))
    names = " + ".join(always[:_MOST_NAMED])
    if len(always) > _MOST_NAMED:
        return f"{names} + {len(always) - _MOST_NAMED} more"
    return f"{names} ± {'/'.join(sometimes[:2])}" if sometimes else names


def _short_title(title: str) -> str:
    plain = unescape(title)
    short = _OPENING.sub("", plain)
    return short[:1].upper() + short[1:] if short else plain


def _clean(text: str, longest: int) -> str:
    return clean(text.strip(), longest=longest)


def _generic(name: str) -> str:
    return name.lower() if _GENERIC.fullmatch(name) else name


def _lower(condition: str) -> str:
    """Write a condition small where none of its words is a name or an abbreviation."""
    small = condition.lower()
    return small if _COMMON.issuperset(small.replace(",", "").split()) else condition
