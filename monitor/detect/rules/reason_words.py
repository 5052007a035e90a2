"""The words by which a reason for stopping is classed.

Every quantifier over words or characters is bounded, so no text takes more than linear time.
"""

import re

_PEOPLE = (
    r"(?:patients?|participants?|subjects?|volunteers?|infants?|newborns?|child(?:ren)?|mothers?"
    r"|(?:treatment|active|experimental|intervention|study|drug) (?:arms?|groups?))"
)
# "Death of a patient", "two deaths", "increased mortality"; a study of mortality harmed nobody.
_DEATHS = (
    r"\bdeaths\b", r"\bfatal",
    rf"\b(?:death|died)\b[^.;]{{0,40}}\b{_PEOPLE}\b",
    rf"\b{_PEOPLE}\b[^.;]{{0,40}}\b(?:death|died|deceased)\b",
    r"\b(?:a|one|related|unexpected|unexplained) death\b",
    rf"\b{_PEOPLE} mortality\b|\bmortality (?:among|of) (?:the )?{_PEOPLE}\b",
    r"\b(?:increas\w+|excess\w*|high\w*|elevated|imbalance)\b[^.;]{0,30}\bmortality\b",
    r"\bmortality\b[^.;]{0,30}\b(?:increas\w+|excess|higher|imbalance|signal)\b",
)  # fmt: skip
_INJURY = (
    r"(?:complications?|ha?emorr\w+|bleedings?|rash\w*|infections?|reactions?|injur\w+|irritation"
    r"|hypoglyc\w+|ha?ematoma\w*|seizures?|thrombo\w+|hazards?|agranulocytosis"
    r"|hepatic abscess|liver enzymes|depression|nausea|ulcers?|fractures?|arrhythmi\w+|hypotension)"
)
_ENROLLED = r"(?:enrol\w*|recruit\w*|includ\w+|randomi[sz]\w+|treated|dosed|accru\w+)"
_LOW = (
    r"(?:no|not|few|fewer|less|lack of|lacking|low|lower|limit\w*|insufficien\w+|inadequate|small"
    r"|poor\w*|slow\w*|only|unable to (?:find|identify)|difficult\w*|zero|shortage of"
    r"|unavailability"
    r"|(?:can|could) ?not (?:find|get|identify)|absence of|defect(?: of)?|rare|(?:impossib\w+"
    r"|inability|unable|failure|failed) to (?:find|includ\w*|identify|obtain)|not enough"
    r"|scarc\w+|problems? with|trouble\w*"
    r"|decreas\w+|declin\w+|refus\w+|unwilling\w*)"
)
_NO = r"(?:no|not|fail\w*|lack\w* of|absence of|insufficient|limited|low|lower|poor|weak|minimal)"
_GOALS = r"(?:objectives?|end ?-?points?|aims?|goals?|purposes?|questions?|hypothes[ie]s)"
_REACHED = (
    r"(?:met|meet\w*|achiev\w+|reach\w+|fulfill?ed|attain\w+|answer\w+|support\w*|complet\w+)"
)
_NOT_OF_ACCRUAL = r"(?:(?!accru|enrol|recr[uio]|sample|inclusion|business|number|fund)[^.;])"
_LED = (
    r"(?:\bP\.?\s?I\b\.?|investi?g\w+|researchers?|coordinators?|physicians?|doctors?|\bDr\b"
    r"|surgeons?|clinicians?|professor|chair\w*|director|author|scientist|fellow|resident"
    r"|personnel|staff|team|nurses?|\bCRC|PhD|unit|lab\w*)"
)
_LEFT = (
    r"(?:left|leav\w+|mov(?:ed?|ing)|departs?|depart(?:ed|ing|ure)|retir\w+|re-?locat\w+"
    r"|transfer\w*"
    r"|transition\w*|resign\w*|graduat\w+|(?:no|any) longer (?:at|with|in|affiliated|employed"
    r"|available|a part|part)|chang\w+|turnover|loss|lost|sick\w*|ill(?:ness)?|maternity|on leave"
    r"|withdrew|withdrawal|time)"
)
_PRODUCT = (
    r"(?:drugs?|products?|devices?|equipment|machines?|scanners?|software|apps?|kits?|reagents?"
    r"|medication|medicines?|placebo|molecules?|compounds?|tracers?|isotopes?|vaccines?|imp|imd"
    r"|materials?|agents?|instruments?|probes?|implants?|assays?|technolog\w+|formulation|batch\w*)"
)
_GONE = (
    r"(?:availab\w+|unavailab\w+|expir\w+|discontinu\w+|withdrawn|shortage|defect\w*|fail\w*"
    r"|malfunction\w*|broke\w*|issues?|problems?|lack\w*|delay\w*|no longer|not (?:been )?"
    r"(?:made|produced"
    r"|ready|delivered|provided|supplied)|difficult\w*|stability|out of stock|limitations?)"
)
_OTHER_STUDY = r"(?:trials?|stud(?:y|ies)|rcts?|protocols?)"

# What leads stands first: whoever reads of an early end first asks whether it harmed.
_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("safety", (
        r"\bsafety", r"toxic", r"\badverse", r"\bSAEs?\b", r"\bSUSAR", r"\bDLTs?\b", r"tolerab",
        r"side.effects?", r"\bharm", *_DEATHS,
        (r"\b(?:high\w*|increas\w+|elevated|excess\w*|unexpected\w*|occurrence|severe|serious"
         r"|incidence|frequen\w+|rates?|cases|several|major|unacceptable|caused|induced|due to"
         r"|increase|[2-9])\b"
         rf"[^.;]{{0,40}}\b{_INJURY}\b"),
        r"\b(?:increas\w+|elevated|higher|unacceptable|potential|possible) (?:[\w-]+ )?risks?\b",
        r"\brisks? outweigh",
    )),
    ("covid", (
        r"co[- ]?vid", r"corona[- ]?virus", r"\bcorona\b", r"sars[- ]?cov", r"pandemic",
        r"lock-?down",
    )),
    ("external_evidence", (
        (r"\b(?:other|another|similar|compet\w+|parallel|concurren\w+|parent|pivotal|sister|larger"
         r"|bigger|broader|overlapping|alternative|previous|ongoing|recent|published"
         r"|phase (?:\d|i+)[ab]?(?! (?:of|portion|part)\b))"
         rf" (?:(?!this\b|of\b)\w[\w/,-]* ){{0,3}}{_OTHER_STUDY}\b"),
        r"\bnew (?:[\w-]+ )?(?:study|trial|rct)\b",
        r"\bpubli(?:shed|cations?)\b", r"\bliterature\b", r"meta-?analys",
        (r"\b(?:new|external|emerging|recent|outside|non-?clinical|pre-?clinical|animal)"
         r" (?:[\w-]+ ){0,2}(?:evidence|data|information|knowledge|findings?"
         r"|results|insights?)\b"),
        (r"\b(?:results?|data|evidence|findings?) (?:of|from|in) (?!th[ei]s? |our )"
         r"(?:[\w-]+ ){1,3}(?:trials?|study|studies)\b"),
        (r"\b(?:supersed\w+|merg(?:ed|ing)|duplicat\w+|overlap\w*|combined into|incorporated|rolled"
         r"|roll-?over|replac\w+ (?:by|with))\b"),
        r"already (?:been )?(?:examined|published|shown|proven|done|demonstrated)",
    )),
    ("efficacy", (
        r"efficac", r"efficiency|inefficient", r"futil", r"ineffective", r"\bsuperior", r"inferior",
        (rf"\b{_NO}\b[^.;]{{0,40}}\b(?:effect|effects|effective|effectiveness|benefits?|responses?"
         r"|activity|differences?|improvements?|success|significance)\b"),
        r"\b(?:primary|secondary|co-primary|efficacy)(?: \w+)? end.?points?\b",
        r"\b(?:not|n't) (?:support|warrant|merit|justify|reveal)\b",
        (r"\b(?:activity|effects?|benefits?|advantage) (?:\w+ ){0,4}(?:minimal|marginal|weak"
         r"|small)\b"),
        (r"\b(?:marginal|incomplete|modest|clear) (?:[\w-]+ ){0,2}(?:activity|effect|benefit"
         r"|advantage)"),
        r"proof-of-concept", r"discouraging",
        r"\b(?:not|fail\w*|unlikely)\b[^.;]{0,30}\b(?:improve\w*|significant)\b",
        (r"\b(?:negative|positive|satisfactory|inconclusive|disappointing|promising) "
         r"(?:\w+ ){0,2}(?:results?|outcomes?|data|findings?|analysis)\b"),
        r"\bresults? (?:was|were|is|are) (?:negative|positive|bad|inconclusive|sufficient)\b",
        (r"\b(?:interims?|intermediate|preliminary|futility) (?:\w+ ){0,3}"
         r"(?:analy[sz]\w*|look|review|assessment|data|results?|evaluation|report|monitoring)"),
        r"\b(?:stop\w*|discontinuation|terminat\w+) (?:rules?|criteri\w+|bound\w+)",
        rf"\b{_REACHED}\b{_NOT_OF_ACCRUAL}{{0,30}}\b{_GOALS}\b",
        rf"\b{_GOALS}\b{_NOT_OF_ACCRUAL}{{0,25}}\b{_REACHED}\b",
        (r"(?<!not )\b(?:sufficient|enough|adequate|necessary)\b[^.;,]{0,25}\b(?:data"
         r"|information|evidence|results)\b"),
        (r"\bsignifican\w+ (?:[\w-]+ ){0,2}(?:differen\w+|results?|benefit\w*|improve\w*"
         r"|reduc\w+|increase|higher|lower)"),
        r"\bstatistical\w* significan",
        r"\brisk\w*.{0,20}\bbenefit|\bbenefit\w*.{0,20}\brisk",
        r"treatment failure", r"disease progress",
    )),
    ("regulatory", (
        (r"FDA\b|\b(?:EMEA|EMA|MHRA|ANSM|NMPA|TGA|PMDA|CDSCO|IRBs?|REB|IEC|IND|PMA|GCP|cGCP"
         r"|BfArM)\b"),
        r"clinical hold", r"regulat", r"\bethic", r"health authorit", r"competent authorit",
        r"health canada", r"ministry", r"notified body", r"continuing review", r"\baudit",
        (r"\b(?:not|no|never|without|lack of|pending|awaiting|waiting for|denied|refus\w+|expir\w+"
         r"|withdrew) (?:\w+ ){0,3}(?:approv|authori[sz])"),
        r"\bapproval (?:\w+ ){0,2}(?:denied|expired|lapsed|refused|withdrawn|delay\w*|not)\b",
        r"\bmarketing (?:authori|approv)", r"\bnon-?compliance",
        r"\b(?:NIH|NCI|NIMH|NHLBI|CTEP|AIFA) (?:decision|terminated|request\w*|closed)",
        r"(?:closed|decision) by (?:the )?N(?:IH|CI)\b",
    )),
    ("accrual", (
        r"ac+[uo]?r+u", r"accural", r"enr?oll?[lm]?", r"recr[uio]+t", r"recuit", r"rectuit",
        r"\bparticipation", r"uptake",
        rf"\b{_LOW}\b[^.;]{{0,25}}\binclusions?\b",
        (r"\binclusions?\b[^.;]{0,25}\b(?:low\w*|slow\w*|difficult\w*|problem\w*|rates?"
         r"|insufficient)\b"),
        r"\b(?:only|few) (?:[\w-]+ ){0,4}(?:included|randomi[sz]ed|consented|screened)\b",
        (rf"\b{_LOW}\b[^.;]{{0,40}}\b(?:patients?|participants?|subjects?|vol\w*nteers?|candidates"
         r"|eligible|cases|population|respondents|women|children|particpants|pts|donors|numbers?"
         r"|consent\w*|referrals?|responders|interest|inclu\w+)\b"),
        (r"\b(?:patients?|participants?|subjects?|population|volunteers|parents|cases) "
         r"(?:[\w-]+ ){0,6}?"
         r"(?:not (?:be )?(?:found|reached|obtained|available|willing|interested|achieved)"
         r"|decreased|dropp\w+ out|refus\w+|declin\w+"
         r"|lacking|too (?:few|low|small)|insufficient|unavailable)\b"),
        r"\blow(?:er)? (?:\w+ )?(?:incidence|prevalence|census|turnout|response rate|volume)",
        r"sample size", r"\b(?:sample|target)s? (?:was |were )?(?:not|in)",
        r"drop-? ?outs?", r"dropped out", r"attrition", r"lo(?:st|ss) (?:to|of) follow",
        r"retention",
        r"\b(?:low|poor|lack of|insufficient) (?:\w+ )?follow",
        r"withdr\w+ (?:of )?(?:their )?consent",
    )),
    ("design", (
        r"\bre-?des?i?gn", r"\b(?:study|trial|protocol|clinical|experimental) design",
        r"\bdesign (?:\w+ )?(?:chang|flaw|issue|limitation|problem)",
        (r"\bprotocol(?:'s)? (?:\w+ ){0,3}(?:amend\w*|chang\w*|modif\w*|revis\w*|deficien\w*"
         r"|re-?writ\w*|issues?|design)"),
        (r"\b(?:amend\w*|chang\w*|modif\w*|revis\w*|rewrit\w*|new|different|revamp\w*|updat\w*)"
         r" (?:[\w'-]+ ){0,4}(?:protocol|design|methodolog\w*|indication|dos(?:e|ing)|regimen"
         r"|schedule"
         r"|technique|procedures?|approach|intervention|submission|standard)\b"),
        r"\bamend", r"standard of care", r"standard (?:therapy|treatment|practice)",
        r"clinical practice", r"practice (?:chang|pattern)", r"change in (?:\w+ )?practice",
        r"(?:treatment|therap\w+|clinical) (?:landscape|paradigm|guidelines?|algorithm)",
        r"guidelines",
        (r"\bno(?:t| longer) (?:\w+ )?(?:relevant|appropriate|necessary|needed|consistent|valid"
         r"|of interest"
         r"|required|applicable|clinically)\b"),
        r"obsolete", r"outdated", r"redundant", r"equipoise", r"methodolog",
        r"\bscientific (?:relevance|reason|merit|interest)",
        r"\bre-?(?:evaluat|assess|consider|work(?:ed|ing)|formulat)\w*",
        r"protocol (?:deviation|violation)",
        r"\b(?:device|app|formulation|formula) (?:\w+ ){0,3}(?:modif|revis|reformul)", r"complian",
    )),
    ("business", (
        r"business", r"\b(?:un)?fund(?!us|am)", r"financ", r"strateg", r"commercial",
        r"\bgrants?\b", r"\bmoney",
        r"econom", r"liquidat", r"disband", r"man-?power",
        r"\bspons[eo]r(?:ship)? (?:withdr|chang)", r"\bcosts?\b", r"insolven", r"portfolio",
        r"pipeline", r"budget", r"priorit",
        r"resour?c", r"capacit", r"partner", r"\bcontract(?:s|ual|ed|ing)?\b",
        r"intellectual property",
        r"bankr?c?up", r"acquired by|acquisition", r"licen[cs]", r"merger", r"operational",
        r"logist",
        r"administrat", r"leadership", r"manufactur", r"\bsuppl(?:y|ies|ier|ied)", r"recall",
        r"market",
        r"(?:not|no longer|un) ?(?:\w+ )?availab", r"support.{0,30}(?:discontinu|withdr|stop|end)",
        r"(?:lack|loss|withdr\w+|end|no|insufficient) (?:\w+ ){0,2}support",
        r"development (?:program|plan|of)", r"discontinu.{0,25}develop",
        r"develop.{0,30}discontinu",
        r"\bprogram(?:me|s|mes)?\b", r"\bmolecule", r"projects?(?: \w+){0,3} (?:discontinu|shut)",
        r"programmatic", r"staff", r"personnel", r"student", r"thesis",
        rf"{_LED}[^.;]{{0,40}}\b{_LEFT}\b", rf"\b{_LEFT}\b[^.;]{{0,25}}\b{_LED}",
        rf"\b{_PRODUCT}\b[^.;]{{0,30}}\b{_GONE}\b", rf"\b{_GONE}\b[^.;]{{0,30}}\b{_PRODUCT}\b",
        r"equipment", r"technical", r"sabbatical",
        (r"\b(?:moved?|moving|transferr?\w*|transition\w*|gone) to (?:an? )?(?:new|another"
         r"|different)"),
        (r"\b(?:not|no longer|never|being) (?:being )?(?:develop|pursu|manufactur|market|produc"
         r"|sold)\w*"),
        r"f[ea]+i?s[ai]b", r"unfeasib", r"organi[sz]ation", r"manag\w*ment",
        r"\btime (?:constraints?|commitment|limit\w*)", r"(?:lack|short\w*) of time", r"workload",
        r"delay",
        r"\bsite (?:was |is )?clos", r"closure of", r"collaborat", r"agreement", r"negotiat",
        r"institutional (?:decision|reasons)", r"corporate", r"not (?:been )?initiated by",
    )),
)  # fmt: skip

REASON_CLASSES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile("|".join(words), re.IGNORECASE)) for name, words in _WORDS
)
# Who decides stands beside any reason; alone it is the sponsor's business.
ALONE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("business", re.compile(
        r"spons[oe]r|\bcompan(?:y|ies)\b|study team|\binc\b|pharma", re.IGNORECASE
    )),
)  # fmt: skip
