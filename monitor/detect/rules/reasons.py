"""Why trials are stopped, by the sponsor's words."""

import re

# "Death of a patient", "two deaths", "increased mortality"; a study of mortality harmed nobody.
_PEOPLE = (
    r"(?:patients?|participants?|subjects?|volunteers?|infants?|newborns?|child(?:ren)?|mothers?"
    r"|(?:treatment|active|experimental|intervention|study|drug) (?:arms?|groups?))"
)
_HARMED = (
    r"\bdeaths\b", r"\bfatal",
    rf"\b(?:death|died)\b[^.;]{{0,40}}\b{_PEOPLE}\b",
    rf"\b{_PEOPLE}\b[^.;]{{0,40}}\b(?:death|died|deceased)\b",
    r"\b(?:a|one|related|unexpected|unexplained) death\b",
    rf"\b{_PEOPLE} mortality\b|\bmortality (?:among|of) (?:the )?{_PEOPLE}\b",
    r"\b(?:increas\w+|excess\w*|high\w*|elevated|imbalance)\b[^.;]{0,30}\bmortality\b",
    r"\bmortality\b[^.;]{0,30}\b(?:increas\w+|excess|higher|imbalance|signal)\b",
)  # fmt: skip

# The first class that matches counts: whoever reads of an early end first asks whether it harmed.
REASON_CLASSES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile("|".join(words), re.IGNORECASE))
    for name, words in (
        ("safety", (
            r"safety", r"toxic", r"adverse", r"\bSAEs?\b", r"tolerab", r"side.effects?",
            r"risk.{0,20}benefit", r"benefit.{0,10}risk", r"\bharm", *_HARMED,
        )),
        ("efficacy", (
            r"efficac", r"futil", r"ineffective", r"superiority",
            (r"\b(?:no|not|fail\w*|lack of|absence of|insufficient|limited|low)\b[^.;]{0,40}"
             r"\b(?:effect|effects|effective|effectiveness|benefits?|response|responses|activity"
             r"|difference)\b"),
            r"\b(?:primary|secondary|co-primary) end.?points?\b",
            r"\b(?:not|fail\w*|unlikely)\b.{0,30}\b(?:end.?points?|improve\w*)\b",
            r"\bnegative (?:results?|outcomes?|data)\b",
        )),
        ("regulatory", (
            r"\bFDA\b", r"\bEMA\b", r"\bMHRA\b", r"clinical hold", r"regulator", r"\bIRB\b",
            r"\bREB\b", r"\bIEC\b", r"ethic", r"health authorit", r"competent authorit",
            r"\bIND\b", r"(?:not|no|without|lack of) (?:\w+ ){0,3}approv",
        )),
        ("accrual", (
            r"accru", r"enrol", r"recruit", r"participation", r"(?:low|slow|poor)\w* inclusion",
            (r"\b(?:no|not|few|fewer|lack of|low|lower|limited?|insufficient|inadequate|small"
             r"|unable to (?:find|identify)|difficult\w*|zero|shortage of)\b[^.;]{0,40}"
             r"\b(?:patients|participants|subjects|vol\w*nteers?|candidates|eligible)\b"),
        )),
        ("business", (
            r"business", r"sponsor", r"fund", r"financ", r"strateg", r"compan", r"commercial",
            r"portfolio", r"pipeline", r"budget", r"priorit", r"resourc", r"capacit", r"partner",
            r"contract", r"intellectual property", r"bankrup", r"acquired by|acquisition",
            r"licen[cs]", r"merger", r"operational", r"logistic", r"administrative", r"leadership",
            r"manufactur", r"suppl(?:y|ies|ier)", r"recall", r"market",
            r"(?:not|no longer|un) ?availab", r"support.{0,30}(?:discontinu|withdr|stop|end)",
            r"development (?:program|plan)", r"discontinu.{0,25}develop",
            r"staff", r"personnel", r"student", r"study team",
            r"(?:\bPI\b|investigator).{0,40}\b(?:left|leav\w+|mov\w+|depart\w*|retire\w*|relocat\w*)",
        )),
    )
)  # fmt: skip

# What a denial does not reach beyond: the reason that was the true one.
_NOT_TO = (
    r"(?:(?!\b(?:but|due to|however|instead|rather)\b"
    r"|, (?:stopped|terminated|suspended|withdrawn|because|since|the|this|it)\b)[^.;)])"
)
# "Not due to safety", "no new safety signals": names safety and means the opposite. "Did not
# demonstrate efficacy" is no denial.
_DENIAL = re.compile(
    r"(?:\bnot\b(?: [\w-]+){0,3} (?:a result|associated|attribut\w+|based|because|by|caused"
    r"|connected|consequence|driven|due|for|linked|motivated|on|prompted|relat\w+|triggered)\b"
    r"|\bnot?\b(?: (?!obtain|receiv|grant|secur|get\b)[\w/-]+){0,3}?"
    r"(?= (?:safety|toxic|adverse|tolerab|regulatory))"
    r"|\bnon(?=[- ]safety)"
    r"|\b(?:independent of|neither|nothing to do with|unrelated to|without)\b)"
    rf"{_NOT_TO}{{0,80}}?"
    r"\b(?:adverse|efficacy|futility|regulatory|risk|safety|side effects?|tolerab\w+|toxic\w*)"
    rf"{_NOT_TO}*",
    re.IGNORECASE,
)
# Who decided, and the registry's own words for a status, are no reasons.
_NO_REASON = re.compile(
    r"(?:data (?:and |& )?)?safety (?:and data )?monitoring (?:board|committee)"
    r"|(?:recruiting or enrolling|enrolling or recruiting) participants has halted",
    re.IGNORECASE,
)
# A study that loses its investigator loses staff; no participant was harmed.
_STAFF = (
    r"(?:\bPI\b|(?:\b(?:principal|chief|lead|study|co|sub|sponsor)[ -])*"
    r"\b(?:investigators?|sponsors?|physician|doctor|director|coordinator|chair\w*|professor))"
)
_STAFF_DIED = re.compile(
    r"\b(?:death|demise|passing(?: away)?|loss) of (?:(?:the|our|a|former|local|site|study) )*"
    rf"{_STAFF}\b"
    rf"|{_STAFF}(?:['’]s)?,?(?: (?:has|had|have|is|was|recently|suddenly|sadly|unexpectedly))*"
    r" (?:death|deceased|died|passed (?:away|on)|passing)\b",
    re.IGNORECASE,
)
# "Safety and efficacy were demonstrated": the study found what it sought.
_SAFETY_SHOWN = re.compile(
    r"\bsafety(?= (?:(?:and|&|,) (?:[\w-]+ ){1,3})?(?:was|were|has been|have been|is|are)"
    r" (?:\w+ly )?(?:confirmed|demonstrated|established|proven|shown)\b)",
    re.IGNORECASE,
)
# That nobody had been enrolled yet goes with any reason; alone it is one.
_NOBODY_YET = re.compile(
    r"\b(?:no|not any) (?:patients?|participants?|subjects?)"
    r"(?: (?:were|was|have been|has been|had been|ever))*"
    r" (?:enrolled|recruited|included|randomi[sz]ed|treated|dosed)\b"
    r"|\b(?:before|prior to) (?:[\w-]+ ){0,3}(?:enrol|recruit)\w+",
    re.IGNORECASE,
)


def reason_class(why_stopped: str | None) -> str | None:
    """Return the class of a reason: safety, efficacy, accrual, business, regulatory or other.

    ``efficacy`` includes futility, and success found early; ``business`` all that money, staff,
    supply and the sponsor's plans decide. None when no reason is given.
    """
    if not why_stopped or not why_stopped.strip():
        return None
    words = _STAFF_DIED.sub(" lost staff ", _SAFETY_SHOWN.sub(" ", why_stopped))
    words = _NO_REASON.sub(" ", _DENIAL.sub(" ", words))
    return _first_class(_NOBODY_YET.sub(" ", words)) or _first_class(words) or "other"


def _first_class(words: str) -> str | None:
    return next((name for name, pattern in REASON_CLASSES if pattern.search(words)), None)
