"""Why trials are stopped, by the sponsor's words."""

import re
from functools import lru_cache

from monitor.detect.rules.reason_words import ALONE, REASON_CLASSES

LONGEST_READ = 2_000  # characters; the registry takes 250

# What a denial does not reach beyond: the reason that was the true one.
_NOT_TO = (
    r"(?:(?!\b(?:but|due to|however|instead|rather)\b"
    r"|(?:,|\band|&) (?:(?:is|was|were|very|too|the|of) )*"
    r"(?:stopped|terminated|suspended|withdrawn|because|since|the|this|it|slow|low|poor|lack"
    r"|insufficient|accru\w+|enrol\w*|recruit\w*|fund\w*|sponsor\w*|business|strateg\w*|study"
    r"|only)\b"
    r")[^.;)])"
)
_DENIED = (
    r"(?:adverse|deaths?|efficacy|futility|harm|regulatory|risks?|safety|SAEs?|side effects?"
    r"|tolerab\w+|toxic\w*)"
)
# "Not due to safety", "no new safety signals": names safety and means the opposite. "Did not
# demonstrate efficacy" is no denial.
_DENIAL = re.compile(
    r"(?:\bnot\b(?: (?!start|initiat|open|complet|continu|conduct|proceed|resum|enrol|recruit|done"
    r"|perform|feasib|possible|able\b|meet|met\b|reach)[\w-]+){0,3} (?:a result|associated"
    r"|attribut\w+|based|because|by|caused"
    r"|connected|consequence|driven|due|for|linked|motivated|on|prompted|relat\w+|triggered)\b"
    r"|\bnot?\b(?: (?!obtain|receiv|grant|secur|get\b|suffic|enough|due\b|because|for\b|start"
    r"|initiat|open"
    r"|complet|continu|conduct|proceed|resum|enrol|recruit|feasib|able\b)[\w/-]+){0,3}?"
    r"(?= (?:safety|toxic|adverse|tolerability|regulatory|SAEs?|side effects?|harm|deaths?\b))"
    r"|\bnon(?=[- ]safety)"
    r"|\b(?:independent of|irrespective of|other than|rather than|neither|nothing to do with"
    r"|unrelated to|without)\b)"
    rf"{_NOT_TO}{{0,80}}?\b{_DENIED}\b{_NOT_TO}{{0,200}}",
    re.IGNORECASE,
)
_GOOD = (
    r"(?:(?<!not )(?:acceptable|adequate|excellent|expected|favou?rable|good|low|manageable|mild"
    r"|minimal|satisfactory|tolerable|comparable|similar|characteri[sz]ed|confirmed|demonstrated"
    r"|established|proven|shown|achieved|reached|met|fine|well|ok))"
)
# "Toxicity was acceptable", "a good safety profile", "safety was never a concern": no harm.
_REASSURANCE = re.compile(
    r"\b(?:safety|toxicit\w+|tolerab\w+|adverse events?|side effects?|SAEs?)\b"
    r"(?=(?: (?:&|(?!(?:not|but|however)\b)\w+)){0,4}?"
    r" (?:(?:was|were|is|are|ha[sd] been|have been|remain\w*)(?: (?:\w+ly|very|also))?"
    rf" {_GOOD}|acceptable|manageable|mild|minimal|tolerable|favou?rable)\b)"
    r"|\bsafety\b(?: \w+){0,2} (?:did|do|does|has|have|had) (?:not|n't) (?:contribut|play"
    r"|influenc|led|lead|affect)\w*"
    r"|\b(?:safety|toxicit\w+|tolerab\w+)\b(?: \w+){0,3}? (?:was|were|is|are)(?:n't| not| never)"
    r" (?:an? |the )?(?:problem|issue|concern|reason|cause|factor)\w*"
    rf"|(?<!not )(?<!no )\b{_GOOD}\b(?: (?!but\b|however\b)[\w/&-]+){{0,3}}? (?:safety"
    rf"|tolerab\w+|toxicit\w+)"
    r"(?: profile)?\b"
    r"|\bwell[- ]tolerated\b|\b(?:less|lower|fewer|reduced) (?:\w+ ){0,2}(?:toxicit\w+"
    r"|adverse events?)",
    re.IGNORECASE,
)
# Who decided, and the registry's own words for a status, are no reasons; nor is the safety of
# all in times of an epidemic.
_NO_REASON = re.compile(
    r"^other - |(?:data[ ,]*(?:and |& )?)?safety[ ,]*(?:and data |& )?(?:monitoring|review) "
    r"(?:board|committee|panel)"
    r"|(?:data )?monitoring (?:board|committee)|\b(?:DSM[BC]|I?DMC)\b"
    r"|(?:recruiting or enrolling|enrolling or recruiting|enrolling"
    r"|recruiting) participants has halted"
    r"|(?:sufficient|enough|additional|further|long-term|more|primary) (?:[\w-]+ ){0,2}\(?safety\b"
    r"|\bsafety (?:data )?(?:and|&) (?:preliminary )?efficacy data"
    r"|\bsafety (?:stud(?:y|ies)|run-in|lead-in|follow-up)\b"
    r"|participants are no longer being examined or receiving (?:intervention|treatment)",
    re.IGNORECASE,
)
# "COVID-19 patients" are what a trial of them lacks; no pandemic stopped it.
_TRIAL_OF_COVID = re.compile(
    r"\b(?:severe |critical(?:ly ill)? |hospitali[sz]ed |more |fewer |few |new |positive |no )*"
    r"(?:co[- ]?vid|sars-cov|corona)(?:[- ]?\w*?(?:19|2))?"
    r"[- ](?:positive |infected |related )?(?:patients?|cases?|subjects?|positive|infections?"
    r"|hospitali\w+|admissions?"
    r"|vaccines?|vaccin\w+|pneumonia|ARDS|tests?|stud(?:y|ies)|trials?|variants?)\b"
    r"|(?:patients?|participants|subjects|cases) (?:with|of) (?:\w+ )?(?:co[- ]?vid"
    r"|sars-cov)[- ]?\w*"
    r"|(?:end|decline|decrease|fading|waning) (?:of|in) (?:the )?(?:co[- ]?vid|pandemic"
    r"|corona)[\w-]*"
    r"|(?:H1N1|influenza|flu|ebola)[^.;]{0,20}pandemic|against (?:co[- ]?vid|sars-cov)[\w-]*",
    re.IGNORECASE,
)
# A study that loses its investigator loses staff; no participant was harmed.
_STAFF = (
    r"(?:\bPI\b|(?:\b(?:principal|chief|lead|study|co|sub|sponsor)[ -]){0,4}"
    r"\b(?:investigators?|sponsors?|physician|doctor|director|coordinator|chair\w*|professor))"
)
_STAFF_DIED = re.compile(
    r"\b(?:death|demise|passing(?: away)?|loss) of (?:(?:the|our|a|former|local|site|study) ){0,4}"
    rf"{_STAFF}\b"
    rf"|{_STAFF}(?:['’]s)?,?(?: (?:has|had|have|is|was|recently|suddenly|sadly"
    rf"|unexpectedly)){{0,4}}"
    r" (?:death|deceased|died|passed (?:away|on)|passing)\b",
    re.IGNORECASE,
)
# Money that was refused is no authority's refusal.
_NO_GRANT = re.compile(
    r"\b(?:grant|funding|budget)\b(?: \w+){0,2} not (?:been )?approved", re.IGNORECASE
)
# In an epidemic, all are kept safe; nothing harmed them.
_COVID = dict(REASON_CLASSES)["covid"]
_KEPT_SAFE = re.compile(r"\b(?:safety|risks?|severe|infections?)\b", re.IGNORECASE)
# "Accrual goals were not met", "too few to meet the primary endpoint": not what it found.
_GOAL_OF_ACCRUAL = re.compile(
    r"(?P<people>\b(?:accru|enrol|recruit|inclusion)\w*)(?: \w+){0,2} "
    r"(?:goals?|targets?|objectives?|aims?)\b"
    r"|\b(?:goals?|targets?|aims?) (?:of|for) "
    r"(?=(?:\w+ ){0,2}(?:accru|enrol|recruit|inclusion|patients|subjects))"
    r"|(?P<short>\b(?:accru|enrol|recruit)\w*[^.;]{0,20}?)\bnot (?:meet|reach|achieve)\b[^.;]{0,40}"
    r"|(?P<too_few>\b(?:accru|enrol|recruit|inclusion|patients|participants|subjects|population)\w*"
    r"[^.;]{0,30}?)\bto (?:meet|reach|achieve|obtain|assess|answer|allow|detect|show"
    r"|demonstrate|complete|provide)\b[^.;]{0,60}",
    re.IGNORECASE,
)
# When it was stopped, or that enrollment was: what every early end says.
_STAGE = re.compile(
    r"\b(?:before|prior to|prior|until|without) (?:[\w-]+ ){0,3}?(?:enrol|recruit|accru|inclu"
    r"|randomi)\w+"
    r"|\b(?:stop\w*|halt\w*|end\w*|suspend\w*|clos\w*|paus\w*|continu\w+|resum\w+) (?:to |the "
    r"|for |further |of ){0,3}"
    r"(?:patient )?(?:enrol|recruit|accru)\w+"
    r"|\b(?:enrol|recruit|accru)\w+ (?:(?:of|participants|patients|subjects|is|was|were"
    r"|has been|of patients) ){0,3}"
    r"(?:complete\w*|stopped|halted|suspended|closed|finished|ended|paused|on hold)",
    re.IGNORECASE,
)
# That nobody had been enrolled yet goes with any reason; alone it is one.
_NOBODY_YET = re.compile(
    r"\b(?:no|not any|0|zero) (?:(?:study|eligible) )?(?:patients?|participants?|subjects?)"
    r"(?: (?:were|was|are|have|has|had|been|ever|yet|successfully)){0,4}"
    r" (?:enrolled|recruited|included|randomi[sz]ed|treated|dosed|accrued|consented)\b",
    re.IGNORECASE,
)
# Words that tell that a trial ended, by whom and when, and no more.
_ENDING = """
    a ability activated active activities activity all an and any applicable are as at
    available be been before began begin being but by cancel canceled cancellation cancelled
    choose chose clinical close closed closing closure collected complete completed completion
    conduct conducted continue continued could data date decide decided decides decision
    decline did discontinue discontinued do does done due early elected end ended enrolled
    enrollment ever examined examiner final finish finished first for from further given had
    halt halted has have he her his in inactive indefinitely information initiate initiated
    initiation intervention investigator investigators is it its longer made moment move n na
    never no none not now of off on only open opened or other our out over participant
    participants patient patients per period pi planned potentially premature prematurely
    principal prior proceed project protocol provided pursue reason reasons receiving reported
    request requested research resume see several she site sites specified start started
    stated status stop stopped stopping study subject subjects suspend suspended terminate
    terminated terminating termination that the their there they this time to trial trials
    unable undisclosed unknown unspecified until up voluntarily voluntary was we went were
    will with withdraw withdrawal withdrawn withdrew yet abandoned anticipated anymore back board
    chosen commence commenced concluded conclude currently determined discretion early formally
    forward go going implemented live longer make medical mutual normally occurring officially
    ongoing pause paused pending per performed physician physicians place postponed proposed
    recommendation recommendations recommended restarted s since stage still take team team's
    trial's undertaken unfortunately would independent suggestion timing carried
"""
_NO_REASON_WORDS = frozenset(_ENDING.split())
_ELSEWHERE = re.compile(
    r"\b(?:see|refer to|please|explanation provided in|described in)\b.{0,60}"
    r"\b(?:description|section|summary|below|above|purpose|results|details|caveats)\b",
    re.IGNORECASE,
)


def reason_classes(why_stopped: str | None) -> tuple[str, ...]:
    """Return the classes of a reason, the leading one first; none when no reason is given.

    ``safety`` is harm alone; ``efficacy`` includes futility, and success found early;
    ``external_evidence`` is what other studies found or took over; ``business`` all that money,
    staff, supply and the sponsor's plans decide. Words that tell no reason are ``not_stated``,
    a reason of no class is ``other``; each of these stands alone.
    """
    if not why_stopped or not why_stopped.strip():
        return ()
    text = " ".join(why_stopped[:LONGEST_READ].split())
    words = _without_denials(text)
    return (
        _classes(_NOBODY_YET.sub(" ", words))
        or _classes(words)
        or tuple(name for name, pattern in ALONE if pattern.search(text))
        or (("not_stated",) if _says_nothing(text, words) else ("other",))
    )


@lru_cache(maxsize=1_024)  # it stays through all later versions
def reason_class(why_stopped: str | None) -> str | None:
    """Return the leading class of a reason; None when no reason is given."""
    return next(iter(reason_classes(why_stopped)), None)


def _without_denials(words: str) -> str:
    """Return the words without what they deny, and without what gives no reason."""
    words = _NO_GRANT.sub(" no funds ", _STAFF_DIED.sub(" lost staff ", words))
    words = _TRIAL_OF_COVID.sub(" patients ", words)
    words = _GOAL_OF_ACCRUAL.sub(_people_alone, words)
    for unsaid in (_DENIAL, _REASSURANCE, _NO_REASON, _STAGE):
        words = unsaid.sub(" ", words)
    return _KEPT_SAFE.sub(" ", words) if _COVID.search(words) else words


def _people_alone(found: re.Match[str]) -> str:
    return found[found.lastgroup] if found.lastgroup else " "


def _classes(words: str) -> tuple[str, ...]:
    return tuple(name for name, pattern in REASON_CLASSES if pattern.search(words))


def _says_nothing(text: str, plain: str) -> bool:
    return bool(_ELSEWHERE.search(text)) or _NO_REASON_WORDS.issuperset(
        re.findall(r"[a-z]+", plain.lower())
    )
