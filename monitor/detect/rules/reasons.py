"""Classify why a trial was stopped, by the sponsor's words.

The rule of status puts the class into the facts of the event; `docs/meaning.md` has the scores.
"""

import re
from functools import lru_cache

from monitor.detect.rules.reason_hints import HINTS, NO_TRIAL
from monitor.detect.rules.reason_words import ALONE, REASON_CLASSES
from monitor.detect.word_lists import STOP, TIMES

LONGEST_READ = 2_000  # characters; the registry takes 250

# What a denial does not reach beyond: the reason that was the true one.
_NOT_TO = (
    r"(?:(?!\b(?:but|due to|however|instead|rather)\b"
    r"|(?:,|\band|&) (?:(?:is|was|were|very|too|the|of) )*"
    r"(?:stopped|terminated|suspended|withdrawn|because|since|the|this|it|slow|low|poor|lack"
    r"|insufficient|interim|futil\w*|accru\w+|enrol\w*|recruit\w*|fund\w*|sponsor\w*|business"
    r"|strateg\w*|study"
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
    r"(?:(?:\bnot|n['’]t)\b(?: (?!start|initiat|open|complet|continu|conduct|proceed|resum|enrol"
    r"|recruit|done"
    r"|perform|feasib|possible|able\b|meet|met\b|reach|support|demonstrat"
    r"|show)[\w-]+){0,3} (?:a result|associated"
    r"|attribut\w+|based|because|by|caused"
    r"|connected|consequence|driven|due|for|linked|motivated|on|prompted|relat\w+|triggered)\b"
    r"|\bnot?\b(?: (?!obtain|receiv|grant|secur|get\b|suffic|enough|due\b|because|for\b|start"
    r"|initiat|open"
    r"|complet|continu|conduct|proceed|resum|enrol|recruit|feasib|able\b)[\w/-]+){0,3}?"
    r"(?= (?:safety|toxic|adverse|tolerability|regulatory|SAEs?|side effects?|harm|deaths?\b))"
    r"|\b(?:independent of|irrespective of|other than|rather than|neither|nothing to do with"
    r"|unrelated to|without)\b)"
    rf"{_NOT_TO}{{0,80}}?\b{_DENIED}\b{_NOT_TO}{{0,200}}",
    re.IGNORECASE,
)
_GOOD = (
    r"(?:(?<!not )(?:acceptable|adequate|benign|excellent|expected|favou?rable|good|low"
    r"|manageable|mild"
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
    r"^other - |\bnon[- ](?:safety|efficacy)(?:[/ ](?:(?:or|and) )?(?:safety"
    r"|efficacy))?(?:[- ]related)?\b|(?:data[ ,]*(?:and |& )?)?safety[ ,]*(?:and data "
    r"|& )?(?:monitoring|review) "
    r"(?:board|committee|panel)"
    r"|(?:data )?monitoring (?:board|committee)|\b(?:DSM[BC]|I?DMC)\b"
    r"|(?:recruiting or enrolling|enrolling or recruiting|enrolling"
    r"|recruiting) participants has halted"
    r"|(?:sufficient|enough|additional|further|long-term|more|primary) (?:[\w-]+ ){0,2}\(?safety\b"
    r"|\bsafety (?:data )?(?:and|&) (?:preliminary )?efficacy data"
    r"|\bsafety (?:stud(?:y|ies)|run-in|lead-in|follow-up)\b"
    r"|\b(?:follow\w*|monitor\w*|assess\w*)(?: up)? for safety(?: and efficacy)?\b"
    r"|\bno (?:\w+ )?results (?:to|for|are|were)\b"
    r"|participants are no longer being examined or receiving (?:intervention|treatment)",
    re.IGNORECASE,
)
# "COVID-19 patients" are what a trial of them lacks; no pandemic stopped it.
_TRIAL_OF_COVID = re.compile(
    r"(?<!due to )(?<!because of )\b(?:severe |critical(?:ly ill)? |hospitali[sz]ed |more "
    r"|fewer |few |new |positive |no )*"
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
    r"\b(?:grant|funding|budget)\b(?: \w+){0,2} not (?:been )?approved"
    r"|\bnot (?:been )?approved for (?:a )?(?:grant|funding|budget)",
    re.IGNORECASE,
)
# In an epidemic, all are kept safe; nothing harmed them.
_COVID = dict(REASON_CLASSES)["covid"]
_KEPT_SAFE = re.compile(r"\b(?:safety|risks?|severe|infections?)\b", re.IGNORECASE)
# "Accrual goals were not met", "too few to meet the primary endpoint": not what it found.
_GOAL_OF_ACCRUAL = re.compile(
    r"(?P<people>\b(?:accru|enrol|recruit|inclusion)\w*)(?: \w+){0,2} "
    r"(?:goals?|targets?|objectives?|aims?|activit\w+|milestones?)\b"
    r"|\b(?:goals?|targets?|aims?) (?:of|for) "
    r"(?=\d|(?:\w+ ){0,2}(?:accru|enrol|recruit|inclusion|patients|subjects))"
    r"|(?P<short>\b(?:accru|enrol|recruit)\w*[^.;]{0,20}?)\bnot (?:meet|reach"
    r"|achieve)\b[^.;]{0,40}"
    r"|(?P<too_few>\b(?:accru|enrol|recruit|inclusion|patients|participants|subjects"
    r"|population)\w*"
    r"[^.;]{0,30}?)\bto (?:meet|reach|achieve|obtain|assess|answer|allow|detect|show"
    r"|demonstrate|complete|provide)\b[^.;]{0,60}",
    re.IGNORECASE,
)
# With too few participants no goal is reached; that says nothing of what was found.
_ACCRUAL = dict(REASON_CLASSES)["accrual"]
_OUT_OF_REACH = re.compile(
    r"\b(?:goals?|objectives?|aims?|targets?|end ?points?)\b[^.;]{0,20}\b(?:(?:can"
    r"|could) ?(?:not|n't) be"
    r"|ha(?:ve|s) not been) "
    r"(?:reached|met|achieved|attained|answered|completed)\b",
    re.IGNORECASE,
)
# Money and people that were lacking for the recruitment are no lack of participants.
_MEANS_TO_RECRUIT = re.compile(
    r"(?P<means>\b(?:fund|resource|money|budget|staff"
    r"|financ)\w*)(?: (?!due\b)[\w'’]+){0,3}? (?:to|for|support)"
    r"(?: \w+){0,3}? (?:accru|enrol|recruit)\w*",
    re.IGNORECASE,
)
# When it was stopped, or that enrollment was: what every early end says.
_STAGE = re.compile(
    r"\b(?:before|prior to|prior|until|without) (?:[\w-]+ ){0,3}?(?:enrol|recruit|accru|inclu"
    r"|randomi)\w+"
    r"|\bno (?:future|further|new|more|additional) (?:patients|participants|subjects)"
    r" (?:will|are to|to) be \w+"
    r"|\bbefore (?:[\w-]+ ){1,3}(?:could be|were) \w+|\bhold on (?:enrol|recruit|accru)\w+"
    r"|\bafter (?:enrol\w+|recruitment|accrual) (?:had |has )?(?:started|begun|began|opened)\b"
    r"|\b(?:stop\w*|halt\w*|end\w*|suspend\w*|clos\w*|paus\w*|ceas\w*|terminat\w*"
    r"|discontinu\w*|continu\w+|resum\w+) (?:to |the "
    r"|for |further |of ){0,3}"
    r"(?:patient )?(?:enrol|recruit|accru|inclusion)\w*"
    r"|\b(?:enrol|recruit|accru|inclusion)\w* (?:(?:of|participants|patients|subjects|is|was|were"
    r"|has|have|had|been|\w+ly) ){0,3}"
    r"(?:complete\w*|(?:never|not) (?:been )?(?:initiat|start|open|beg[au]n)\w*"
    r"|stopped|halted|suspended|closed|finished|ended|paused|ceased|terminated"
    r"|discontinued|on hold)",
    re.IGNORECASE,
)
# The plan for enrollment was carried out; that is no lack of participants.
_FULLY_ENROLLED = re.compile(
    r"\b(?:accrual|enrol?lment|recruitment|inclusion) (?:goals?|targets?)?"
    r"(?: ?\b(?:is|was|were|has|have|been|already|now|successfully)){0,4}"
    r" ?(?:met|reached|achieved|attained|fulfilled)\b(?! (?:only|\d))"
    r"|\b(?<!not )(?:target|intended|planned|required|sufficient|enough|all) (?:\w+ ){0,2}"
    r"(?:patients|participants|subjects|volunteers|enrol?lment|accrual)"
    r" (?:(?:is|was|were|has|have|been|already|now) ){0,3}"
    r"(?:met|reached|achieved|attained|enrolled|included|recruited|accrued)\b",
    re.IGNORECASE,
)
# How many had been enrolled by then, and which board closed the study, go with any reason; alone
# each is one.
_BESIDE_A_REASON = re.compile(
    r"\b(?:no|not any|0|zero|none|after (?:[\w-]+ ){0,3}) ?(?:(?:study|eligible) )?"
    r"(?:patients?|participants?|subjects?)"
    r"(?: (?:were|was|are|have|has|had|been|ever|yet|successfully)){0,4}"
    r" (?:enrol?led|rec\w{1,6}ited|included|randomi[sz]ed|treated|dosed|accrued|consented)\b"
    r"|\b(?:has|have|had) not (?:yet )?(?:enrolled|recruited|included) any (?:patients?"
    r"|participants?"
    r"|subjects?)\b|\b(?:no|zero|0) (?:(?:patient|subject) )?enrol?lments?\b"
    r"|\b(?:IRB|REB|FDA|NCI|NIH|ethics committee) (?:recommended|requested|asked)\b"
    r"|\b(?:no|any) further (?:\w+ )?(?:accru|enrol|recruit|inclu)\w+"
    r"|\bfurther (?:accru|enrol|recruit|inclu)\w+ (?:is|was) not possible\b"
    r"|\b(?:IRB|REB|FDA|NCI|NIH|ethics committee) (?:\w+ )?(?:closed|terminated|withdrew|ended)\b"
    r"(?=[^.;]{0,30}\b(?:due|because|for|since)\b)"
    r"|\bclosed with (?:the )?(?:\w+ )?IRB\b"
    r"|\b(?:consultation|collaboration|discussions?) with (?:the )?(?:IRB|REB|FDA|NCI|NIH|EMA)\b",
    re.IGNORECASE,
)
# What money and people went to instead is no finding of another study.
_WORK_ELSEWHERE = re.compile(
    r"\b(?:(?:re)?focus\w*|resources?|efforts?|priorit\w+)\b[^.;]{0,50}? (?:on|to|for|into|in)"
    r" (?=(?:\w+ ){0,2}(?:other|another|different|new|ongoing) (?:\w+ ){0,2}"
    r"(?:stud|trial|project|protocol|research))(?:[\w-]+ ){1,5}(?:stud\w*|trials?|projects?"
    r"|protocols?|research)",
    re.IGNORECASE,
)
# Words that tell that a trial ended, by whom and when, and no more.
_ENDING = """
    ability ahead analyses analysis analyzed analyzing anticipated anymore applicable apr april
    aug august available back began begin board carried choice choose chose chosen clinical
    close closed closing closure cohort cohorts collected collection commence commenced conduct
    conducted consequently continue continued currently data date dec december decline
    determined discretion done due early elected end ended enrolled enrollment evaluation
    examined examiner feb february fell final finish finished first follow followup formally
    forward future gather gathered given go going group groups halt halted happen happened ii
    iii implemented indefinitely independent information initiate initiated initiating
    initiation instruction instructions intervention iv jan january jul july jun june lapsed
    live longer made make mar march medical moment move moved mutual n na never no none normally
    not nov november now occur occurred occurring oct october officially ongoing open opened
    opted order part participant participants patient patients pause paused pending perform
    performed performing period permanent permanently phase phases physician physicians pi place
    plan planned plans portion potentially preference primary principal proceed progress
    progressed progressing project proposed protocol provided pursue pursued reason reasons
    receiving reported request requested rescheduled research restarted see sep sept september
    several site sites specified stage stages start started stated status step still stop
    stopped stopping study subject subjects sudy suggestion take taken team therefore thus
    timeframe timing treated trial trials unable undertaken undisclosed unfortunately unknown
    unspecified v voluntarily voluntary want wanted went wish wishes yet
"""
# Of these words only the beginning is compared: in any form, and however misspelled further on.
_ENDING_STEMS = """
    abandon activ cancel complet conclu decid decis discontin inactiv investigat postpon
    prematur proceed recommend resum suspen terminat withdr
"""
_STEMS = tuple(_ENDING_STEMS.split())
_NO_REASON_WORDS = STOP | TIMES | frozenset(_ENDING.split())
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
    text = " ".join(why_stopped[:LONGEST_READ].replace(",", ", ").split())
    words = _without_denials(text)
    main = _BESIDE_A_REASON.sub(" ", words)
    return (
        _classes(main)
        or (_alone(main) if main != words else ())
        or _classes(words)
        or _alone(text)
        or (("not_stated",) if _is_empty_reason(text, words) else (_hinted_class(words),))
    )


@lru_cache(maxsize=1_024)  # it stays through all later versions
def reason_class(why_stopped: str | None) -> str | None:
    """Return the leading class of a reason; None when no reason is given."""
    return next(iter(reason_classes(why_stopped)), None)


def _without_denials(words: str) -> str:
    """Return the words without what they deny, and without what gives no reason."""
    words = _NO_GRANT.sub(" no funds ", _STAFF_DIED.sub(" lost staff ", words))
    words = _TRIAL_OF_COVID.sub(" patients ", _WORK_ELSEWHERE.sub(" priorities ", words))
    words = _MEANS_TO_RECRUIT.sub(r"\g<means>", words)
    words = _GOAL_OF_ACCRUAL.sub(_people_alone, _FULLY_ENROLLED.sub(" ", words))
    for unsaid in (_DENIAL, _REASSURANCE, _NO_REASON, _STAGE):
        words = unsaid.sub(" ", words)
    if _ACCRUAL.search(words):
        words = _OUT_OF_REACH.sub(" ", words)
    return _KEPT_SAFE.sub(" ", words) if _COVID.search(words) else words


def _people_alone(found: re.Match[str]) -> str:
    return found[found.lastgroup] if found.lastgroup else " "


def _classes(words: str) -> tuple[str, ...]:
    return tuple(name for name, pattern in REASON_CLASSES if pattern.search(words))


def _alone(words: str) -> tuple[str, ...]:
    return tuple(name for name, pattern in ALONE if pattern.search(words))


def _hinted_class(words: str) -> str:
    if NO_TRIAL.search(words):
        return "other"
    return next((name for name, pattern in HINTS if pattern.search(words)), "other")


def _is_empty_reason(text: str, plain: str) -> bool:
    return bool(_ELSEWHERE.search(text)) or all(
        word in _NO_REASON_WORDS or word.startswith(_STEMS)
        for word in re.findall(r"[a-z]{2,}", plain.lower())
    )
