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
    rf"\b{_PEOPLE}\b[^.;]{{0,40}}\b(?:death|died|deceased|passed away)\b",
    r"\b(?:a|one|related|unexpected|unexplained) death\b",
    rf"\b{_PEOPLE} mortality\b|\bmortality (?:among|of) (?:the )?{_PEOPLE}\b",
    r"\b(?:increas\w+|excess\w*|high\w*|elevated|imbalance)\b[^.;]{0,30}\bmortality\b",
    r"\bmortality\b[^.;]{0,30}\b(?:increas\w+|excess|higher|imbalance|signal)\b",
)  # fmt: skip
_INJURY = (
    r"(?:complications?|ha?emorr\w+|bleedings?|rash\w*|infections?|reactions?|injur\w+|irritation"
    r"|hypoglyc\w+|ha?ematoma\w*|seizures?|thrombo\w+|hazards?|agranulocytosis"
    r"|desaturations?|bradycardia|tachycardia|apn(?:o?e)as?|\w+penia|headaches?|morbidity"
    r"|fibrillation"
    r"|hepatic abscess|liver enzymes|depression|nausea|ulcers?|fractures?|arrhythmi\w+"
    r"|hypotension)"
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
_NO = (
    r"(?:no|not|\w+n['’]t|fail\w*|lack\w* of|absence of|insufficient|limited|low|lower|poor"
    r"|weak|minimal)"
)
_GOALS = r"(?:objectives?|end ?-?points?|aims?|goals?|purposes?|questions?|hypothes[ie]s)"
_REACHED = (
    r"(?:met|meet\w*|achiev\w+|reach\w+|fulfill?ed|attain\w+|answer\w+|support\w*|complet\w+)"
)
_NOT_OF_ACCRUAL = r"(?:(?!accru|enrol|recr[uio]|sample|inclusion|business|number|fund)[^.;])"
_LED = (
    r"(?:\bP\.?\s?I\b\.?|investi?g\w+|researchers?|co-?workers?|colleagues?|officials?"
    r"|coordinators?|physicians?|doctors?|\bDr\b"
    r"|surgeons?|clinicians?|professor|chair\w*|director|author|scientist|fellow|resident"
    r"|personnel|staff|team|nurses?|\bCRC|PhD|unit|lab\w*)"
)
_LEFT = (
    r"(?:left|leav\w+|mov(?:ed?|ing)(?! (?:forward|ahead|on)\b)|departs?|depart(?:ed|ing|ure)"
    r"|retir\w+|re-?locat\w+"
    r"|transfer\w*"
    r"|transition\w*|resign\w*|graduat\w+|(?:not?|any) longer (?:at|with|in|affiliated|employed"
    r"|available|work\w*|a part|part)|chang\w+|turnover|loss|lost|sick\w*|ill(?:ness)?|maternity"
    r"|on leave"
    r"|withdrew|withdrawal|time|emigrat\w*|abroad|another position|deployed|passed"
    r"|out[- ]of[- ]service)"
)
_PRODUCT = (
    r"(?:drugs?|products?|devices?|equipment|machines?|scanners?|software|apps?|kits?|reagents?"
    r"|medication|medicines?|placebo|molecules?|compounds?|tracers?|isotopes?|vaccines?|imp|imd"
    r"|materials?|agents?|instruments?|probes?|implants?|assays?|technolog\w+|formulation|batch\w*"
    r"|substances?|supplements?|capsules?|tablets?|lasers?|systems?|analy[sz]ers?|sensors?"
    r"|monitors?|treatment)"
)
_GONE = (
    r"(?:availab\w+|unavailab\w+|expir\w+|discontinu\w+|withdrawn|shortage|defect\w*|fail\w*"
    r"|malfunction\w*|broke\w*|issues?|problems?|lack\w*|delay\w*|no longer|not (?:been )?"
    r"(?:made|produced"
    r"|ready|delivered|provided|supplied|sent|received|functional|functioning|working|work"
    r"|suitable"
    r"|accurate|reliable)|unreliab\w+|inaccura\w+|difficult\w*|stability|out of stock|limitations?"
    r"|contaminat\w+|delisted|divested|stolen|de-?commission\w*|flaw\w*|cracked|leaking|incorrect"
    r"|incomplete|inadequate|insufficient quality)"
)
_UNABLE = (
    r"(?:unable|not able|not possible|impossible|fail(?:ed|ure)|inability|difficult\w*|problems?"
    r"|issues?|could ?n[o']t|can ?not)"
)
_OTHER_STUDY = r"(?:trials?|stud(?:y|ies)|rcts?|protocols?)"

# In order of precedence: the first question about an early end is whether it did harm.
_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("safety", (
        r"\bsafety", r"toxic", r"\badverse(?! change)", r"\bSAEs?\b", r"\bSUSAR", r"\bDLTs?\b",
        r"tolerab",
        r"side.effects?", r"\bharm", *_DEATHS,
        (r"\b(?:high\w*|increas\w+|elevated|excess\w*|unexpected\w*|occurrence|severe|serious"
         r"|incidence|frequen\w+|rates?|cases|several|major|unacceptable|caused|induced|due to"
         r"|increase|[2-9])\b"
         rf"[^.;]{{0,40}}\b{_INJURY}\b"),
        r"\b(?:increas\w+|elevated|higher|unacceptable|potential|possible) (?:[\w-]+ )?risks?\b",
        r"\brisks? outweigh", r"\bunsafe\b|\bnot safe\b", r"\bAEs\b",
        (r"\b(?:respiratory (?:depression|insufficiency|failure|arrest)|hypox(?:em)?ia"
         r"|skin irritation)\b"),
        r"\b(?:poor|could not|not|unable to) tolera\w+",
        r"\b(?:post-?\w+|surgical|serious|major|severe) complications\b",
        r"\b(?:increased|elevated) LFTs?\b",
        (r"\b(?:elevat\w+|increas\w+|abnormal\w*) (?:in |of )?(?:the )?(?:liver (?:function"
         r"|enzymes?)"
         r"|transaminases?|hepatic enzymes?|creatinine)\b"),
        (r"\b(?:developed|experienced|suffered|caused|induced|unexpected\w*|severe)"
         r" (?:[\w-]+ ){0,3}(?:lacerat\w+|perforat\w+|o?edema|burns?|diarrh\w+|vomiting|syncope"
         r"|embolism|mucositis|neuropathy|pneumonitis|dislocations?|occlusions?)\b"),
        rf"\b(?:experienced|developed|suffered) (?:[\w-]+ ){{0,4}}{_INJURY}\b",
        (rf"(?<!no )(?<!any )\b{_INJURY} (?:\w+ ){{0,3}}(?:occur\w*|encountered|observed|reported"
         rf"|developed)\b"),
    )),
    ("covid", (
        r"co[- ]?vid", r"corona[- ]?virus", r"\bcorona\b", r"sars[- ]?cov", r"pandemic",
        r"lock-?down", r"\bquarantine",
    )),
    ("external_evidence", (
        (r"\b(?:other|another|similar|compet\w+|parallel|concurren\w+|parent|pivotal|sister|larger"
         r"|bigger|broader|overlapping|alternative|previous|ongoing|existing|expanded|recent"
         r"|published|core|companion|external|identical"
         r"|feeder|main|subsequent|replacement|extension"
         r"|phase (?:\d|i+)[ab]?(?! (?:of|portion|part)\b))"
         rf" (?:(?!this\b|of\b)\w[\w/,-]* ){{0,3}}{_OTHER_STUDY}\b(?! design)"),
        r"\bnew (?:[\w-]+ )?(?:study|trial|rct)\b(?! (?:protocol|design|drug|device|site|team))",
        r"\b(?:in|of|from|by) (?:an? )?different (?:study|trial)\b(?! (?:site|number|design))",
        r"(?<!never )(?<!for )(?<!for a )\bpubli(?:shed|cations?)\b", r"\bliterature\b",
        r"meta-?n?analys",
        (r"\b(?:new|external|emerging|recent|outside|non-?clinical|pre-?clinical|animal)"
         r" (?:[\w-]+ ){0,2}(?:evidence|data(?! protection)|information|knowledge|findings?"
         r"|results|insights?)\b"),
        (r"\b(?:results?|data|evidence|findings?) (?:of|from|in) (?!th[ei]s? |our )"
         r"(?:[\w-]+ ){1,3}(?:trials?|study|studies)\b"),
        (r"\b(?:supersed\w+|(?<!sponsor )(?<!company )merg(?:ed|ing)|duplicat\w+|overlap\w*"
         r"|combined into|incorporated"
         r"|rolled"
         r"|roll-?over|replac\w+ (?:by|with))\b"),
        (r"\b(?:combin|join)(?:ed|ing)\b(?: [\w-]+){0,2} (?:with|into) (?:our|the|another|one"
         r"|other|an?)\b"
         r"[^.;]{0,40}\b(?:study|trial|protocol)\b"),
        r"\bother (?:[\w-]+ )?(?:teams|groups|researchers|means)\b",
        r"\b(?:entered|registered) twice\b|\badditional copy\b",
        r"already (?:been )?(?:registered|examined|published|shown|proven|done|demonstrated)",
    )),
    ("efficacy", (
        r"efficac", r"efficiency|inefficient", r"futil", r"ineffective",
        r"\bsuperior(?!(?:ity)? (?:treatment|therap|drug|agent|option))",
        r"inferior",
        (rf"\b{_NO}\b[^.;]{{0,40}}\b(?:effect|effects|effective|effectiveness|benefits?|responses?"
         r"|activity|differences?|improvements?|success|significance)\b"),
        r"\b(?:primary|secondary|co-primary|efficacy)(?: \w+)? end.?points?\b",
        r"\b(?:not|n't) (?:support|warrant|merit|justify|reveal)\b",
        (r"\b(?:activity|effects?|benefits?|advantage) (?:\w+ ){0,4}(?:minimal|marginal|weak"
         r"|small|insufficient|inadequate|limited|poor|low|lacking|disappointing)\b"),
        (r"\b(?:marginal|incomplete|modest|clear) (?:[\w-]+ ){0,2}(?:activity|effect|benefit"
         r"|advantage)"),
        r"\bhypothes\w+[^.;]{0,60}\bnot (?:supported|confirmed|proven)\b",
        r"\bbased on (?:[\w',-]+ ){0,8}(?:results?|findings?|outcomes?)\b",
        r"\b(?:unfavou?rable|insufficient|poor) (?:\w+ )?(?:pharmacokinetic|PK)\b",
        (r"\b(?:all|required|needed) (?:[\w-]+ ){0,2}data (?:\w+ ){0,3}(?:collected|obtained"
        r"|gathered)\b"),
        r"\bno (?:clinical\w* |statistical\w* )?significan",
        r"\b(?:data|results?|evidence) no longer support", r"proof-of-concept", r"discouraging",
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
        (r"\b(?:overwhelming|substantial|identifiable|obvious|early|great\w*|clear(?:ly)?)"
         r" (?:[\w-]+ ){0,2}benefits?\b"),
        (r"\b(?:no|not|n't|never|without|fail\w*|unlikely)\b[^.;]{0,30}\b(?:reduc\w+|diff"
         r"|decreas\w+"
         r"|convincing"
         r"|conclusive|promising|superior|detected|differentiat\w+|as good as)\b"),
        (r"\b(?:data|results?|study|analysis|trial) (?:did|does|do) ?(?:not|n't) (?:show"
         r"|demonstrate|prove)"),
        r"\bunsatis\w+", r"\bresearch question\b[^.;]{0,20}\b(?:answered|resolved|settled)",
        (r"\b(?:low|lower|poor|high|higher|insufficient) (?:[\w-]+ ){0,3}(?:cure|response|event"
         r"|success|failure|rejection|reoperation|relapse) rates?\b"),
        r"\bdata (?:\w+ ){0,3}(?:is|are|was|were) (?:enough|sufficient|adequate)\b",
        r"\b(?:sufficient|enough) (?:[\w-]+ ){0,2}findings\b",
        r"\bresults? (?:\w+ ){0,4}(?:does|do|did) not\b",
        r"\b(?:maximum|maximal|optimal) (?:tolerated )?dose\b",
        r"\bno significant (?:\w+ )?(?:diff\w*|chang\w+|trends?|effects?)\b",
        r"\b(?:worse|poorer) (?:\w+ )?outcomes?\b",
        r"\b(?:higher|increased) (?:rate|incidence|recurrence) of\b",
        (r"\b(?:not|n't) (?:provid\w+|yield\w*) (?:\w+ ){0,2}(?:useful|results?|information"
        r"|data)\b"),
        (r"\b(?:study|trial|pilot|results?|analys[ie]s) (?:was|were) negative\b"
         r"|\bnegatives? (?:\w+ )?(?:results|endpoint)"),
        r"\b(?:stop|go)[/-](?:no[- ]?)?go\b|\bno[- ]go\b|\bcriteri\w+ for (?:continu|progress)\w+",
        r"\binter(?:im|ima|m|rim) (?:\w+ )?analys",
        r"treatment failure", r"disease progress",
    )),
    ("regulatory", (
        (r"FDA\b|\b(?:EMEA|EMA|MHRA|ANSM|NMPA|TGA|PMDA|CDSCO|IRBs?|REB|IEC|IND|PMA|GCP|cGCP"
         r"|BfArM)\b"),
        r"clinical hold", r"\bCE[- ]mark", r"regulat", r"(?<!longer )\bethic", r"health authorit",
        r"competent authorit", r"disapprov",
        r"\blabel(?:l?ing)? (?:\w+ )?(?:updat|chang|restrict)\w*",
        r"health canada", r"food and drug administration", r"medicines agency", r"ministry",
        r"notified body", r"continuing review", r"\baudit",
        r"data protection|\bprivacy\b|\bGDPR\b",
        (r"\b(?:not|no|never|without|lack of|pending|awaiting|waiting for|denied|refus\w+|expir\w+"
         r"|withdrew) (?:\w+ ){0,3}(?:approv|authori[sz])"),
        r"\bapproval (?:\w+ ){0,2}(?:denied|expired|lapsed|refused|withdrawn|delay\w*|not)\b",
        r"\bmarketing (?:authori|approv)", r"\bnon-?compliance",
        (rf"\b{_UNABLE}\b[^.;]{{0,25}}\b(?:approv\w*|authori[sz]\w+|permi(?:t|ts|ssions?)"
         rf"|clearance"
         r"|certificat\w+)\b"),
        r"\b(?:NIH|NCI|NIMH|NHLBI|CTEP|AIFA) (?:decision|terminated|request\w*|closed)",
        r"(?:closed|decision) by (?:the )?N(?:IH|CI)\b",
    )),
    ("accrual", (
        r"ac+[uo]?r+u", r"accural", r"enr?oll?[lm]?", r"\benr\w{1,4}ment", r"recr[uio]+t",
        r"recuit", r"rectuit",
        r"\bparticipation", r"uptake",
        rf"\b{_LOW}\b[^.;]{{0,25}}\binclusions?\b",
        (r"\binclusions?\b[^.;]{0,25}\b(?:low\w*|slow\w*|difficult\w*|problem\w*|rates?"
         r"|insufficient)\b"),
        r"\b(?:only|few) (?:[\w-]+ ){0,4}(?:included|randomi[sz]ed|consented|screened)\b",
        (rf"\b{_LOW}\b[^.;]{{0,40}}\b(?:patients?|participants?|subjects?|vol\w*nteers?|candidates"
         r"|eligib\w+|cases|population|respondents|women|children|particpants|pts|donors|numbers?"
         r"|consent\w*|referrals?|responders|interest|inclu\w+)\b"),
        (r"\b(?:patients?|participants?|subjects?|population|volunteers|parents|cases) "
         r"(?:[\w-]+ ){0,6}?"
         r"(?:not (?:be )?(?:found|reached|obtained|available|willing|interested|achieved)"
         r"|decreased|dropp\w+ out|refus\w+|declin\w+"
         r"|lacking|too (?:few|low|small)|insufficient|unavailable)\b"),
        r"\b(?:incidence|prevalence) (?:of|in) (?:[\w-]+ ){1,6}(?:was|is|were) (?:much )?low",
        r"\blow(?:er)? (?:\w+ )?(?:incidence|prevalence|census|turnout|response rate|volume)",
        r"sample size", r"\b(?:sample|target)s? (?:was |were )?(?:not|in)",
        r"drop-? ?outs?", r"dropped out", r"attrition", r"lo(?:st|ss) (?:to|of) follow",
        r"retention",
        r"\b(?:low|poor|lack of|insufficient) (?:\w+ )?follow",
        r"withdr\w+ (?:of )?(?:their )?consent", r"\bwithdrawal rates?\b",
        (r"\b(?:patients?|participants?|subjects?|volunteers?|parents|famil\w+)\b['’]?[^.;]{0,20}"
         r"\b(?:reluctan\w+|not want\w*|did ?n[o']t want|unwilling\w*|preferr?\w*)\b"),
        r"\breluctan\w+", r"recrual",
        (r"\b(?:problems?|diff\w*|fail\w*|unable|impossib\w+|inability) (?:to|in|with|of) "
         r"(?:includ\w*|inclusion|find\w* (?:\w+ )?(?:patients|subjects|interested))"),
        (r"\b(?:inclusion|exclusion|eligibility|entry) criteria\b[^.;]{0,30}\b(?:too|strict"
         r"|stringent"
         r"|restrictive|narrow|[iu]nfeasible)\b"),
        r"\bpatient eligibility\b", r"\bnot show\w* up\b",
        (r"\b(?:not|without|impossib\w+|unable|fail\w*)\b[^.;]{0,20}\b(?:achiev\w+|reach\w*"
         r"|obtain\w*)\b"
         r"[^.;]{0,20}\bnumber of\b"),
        r"\b(?:inclusion|registration)s?\b[^.;]{0,20}\b(?:poor|too|slow\w*|low\w*|default)\b",
        (r"\b(?:poor|slow|low|problems? in|difficult\w* in|default of|defect of) (?:registration"
         r"|inclu\w+)\b"),
        r"\bloss of (?:participants|patients|subjects)\b",
        (r"\bnumber of (?:eligible )?(?:patients|candidates|subjects|participants"
         r"|cases)\b[^.;]{0,40}"
         r"\b(?:too|small|low|lower|insufficient|not (?:obtained|reached|met))\b"),
    )),
    ("design", (
        r"\bre-?des?i?gn", r"\bre-?desg",
        r"\b(?:study|trial|protocol|clinical|experimental) design(?!er)",
        r"\bdesign (?:\w+ )?(?:chang|flaw|issue|limitation|problem)",
        (r"\bprotocol(?:'s)? (?:\w+ ){0,3}(?:amend\w*|chang\w*|modif\w*|revis\w*|deficien\w*"
         r"|re-?writ\w*|issues?|design)"),
        (r"\b(?:amend\w*|chang\w*|modif\w*|revis\w*|rewrit\w*|new|different|revamp\w*|updat\w*)"
         r" (?:[\w'-]+ ){0,4}(?:protocol|design|methodolog\w*|indication|dos(?:e|ing)|regimen"
         r"|schedule"
         r"|technique|procedures?|approach|intervention|submission|standard)\b"),
        r"\bamend", r"standards? of care", r"standard (?:therapy|treatment|practice)",
        r"clinical practice", r"practice (?:chang|pattern)", r"change in (?:\w+ )?practice",
        r"(?:treatment|therap\w+|clinical) (?:landscape|paradigm|guidelines?|algorithm)",
        r"\bguidelines?\b",
        (r"\b(?:chang\w*|modif\w*|revis\w*|updat\w*|improv\w*"
         r"|adjust\w*) (?:[\w'-]+ ){0,4}(?:devices?"
         r"|system|app|(?:study|project) plans?|project|practices?|methods?|concept|technique"
         r"|technology|scope"
         r"|strateg(?:y|ies) (?:for|of) treatment|management of|hypothesis|population)\b"),
        (r"\b(?:device|plan|project|practice|method|protocol|scope|concept"
         r"|technology)s? (?:\w+ ){0,5}?"
         r"(?:was|were|has|have|is|are|being|been) (?:\w+ )?(?:chang|modif|revis|updat"
         r"|revamp)\w*"),
        r"\b(?:next|second|2nd|newer|new|later|improved) (?:[\w-]+ ){0,2}(?:generation|version)\b",
        (r"\b(?:new|newer|alternative|competing|novel|evolving|superior)"
         r" (?:[\w-]+ ){0,2}(?:treatments?"
         r"|therap\w+"
         r"|drugs?"
         r"|agents?|options?|apps?|methods?|techniques?)\b"),
        r"\b(?:different|other|another|alternative) (?:method|concept|approach|product)\b",
        r"\bunsuitable method", r"\bsuboptimal\b", r"\bbec[ao]me standard\b",
        r"\bneeds? revision\b",
        (r"\b(?:nature|approach\w*|subject|study|trial|treatment|technique|care)\b (?:\w+ ){0,2}?"
         r"(?:ha[sd] |have |was |were )?(?:been )?(?:changed|shifted|revised|modified)\b"),
        r"\b(?:radical|significant|major|substantial) changes?\b", r"\bdeviations?\b",
        r"\badherence\b",
        (r"\b(?:less|little|no) (?:\w+ )?(?:relevan\w+|scientific (?:purpose|value"
         r"|justification))\b"),
        r"\b(?:not|improperly|poorly) (?:\w+ )?designed\b", r"\bdosage form\b",
        (r"\bno(?:t| longer) (?:\w+ )?(?:relevant|appropriate|novel|necessary|needed|consistent"
         r"|valid"
         r"|of interest"
         r"|required|applicable|clinically)\b"),
        r"obsolete", r"\bno longer (?:useful|ethical)\b", r"outdated", r"redundant", r"equipoise",
        r"methodolog",
        r"\bscientific (?:relevance|reason|merit|interest)",
        r"\bre-?(?:evaluat|assess|consider|work(?:ed|ing)|formulat)\w*",
        r"protocol (?:deviation|violation)",
        r"\b(?:device|app|formulation|formula) (?:\w+ ){0,3}(?:modif|revis|reformul)", r"complian",
    )),
    ("business", (
        r"business", r"\b(?:un)?fund(?!us|am)", r"financ", r"strateg", r"commercial",
        r"\bgrant(?:s|ors?)?\b", r"\bmoney",
        r"econom", r"liquidat", r"disband", r"man-?power",
        r"\bspons[eo]r(?:ship)? (?:withdr|chang)", r"\bcosts?\b", r"insolven", r"portfolio",
        r"pipeline", r"budget", r"priorit", r"subsid", r"divest", r"delisted", r"\bcommitments?\b",
        r"\b(?:fo[ck]us|interests?|direction)\b[^.;]{0,20}\b(?:chang|shift)\w*",
        (r"\b(?:chang\w*|shift\w*|redirect\w*) (?:[\w'-]+ ){0,4}(?:focus|interests?"
         r"|direction)\b"),
        r"\b(?:lost|no longer|losing|loss of) (?:\w+ )?interest", r"communication", r"logisi?tic",
        r"\binsurance\b|reimburs",
        r"\b(?:product|device|software|further|additional) development\b",
        r"\bschedul\w+ (?:issue|conflict|problem)",
        r"\b(?:limited|project|company|corporate) (?:\w+ )?time ?lines?\b",
        r"\bspons[oe]r preference\b", r"\bconflict of interest\b",
        r"\binternal (?:[\w-]+ )?(?:decisions?|reasons?)\b", r"by industry",
        r"\bexpired\b",
        r"implementation", r"\bsales\b", r"\bsteering committee\b",
        r"resour?c", r"capacit", r"partner", r"\bcontract(?:s|ual|ed|ing)?\b",
        r"intellectual property",
        r"bankr?c?up", r"acquired by|acquisition", r"licen[cs]", r"merger", r"operational",
        r"logist",
        r"administrat", r"leadership", r"manufactur", r"\bsuppl(?:y|ies|ier|ied)", r"recall",
        r"market",
        r"(?:not|no longer|un) ?(?:\w+ )?availab", r"support.{0,30}(?:discontinu|withdr|stop|end)",
        (r"(?:lack|loss|withdr\w+|end|no|insufficient) (?:\w+ ){0,2}(?:support|assistance|help)"),
        r"development (?:program|plan|of)",
        r"\bdevelopment (?:\w+ )?(?:terminat|stop|halt|ceas)\w*",
        r"discontinu.{0,25}develop",
        r"develop.{0,30}discontinu",
        r"\bprogram(?:me|s|mes)?\b", r"\bmolecule", r"projects?(?: \w+){0,3} (?:discontinu|shut)",
        r"programmatic", r"staff", r"person+el", r"student", r"thesis",
        r"\bnot? longer (?:at|with|in|affiliated|employed|work\w*)\b",
        r"\bnew (?:position|job|employ\w+)\b",
        (r"\b(?:mov(?:ed?|ing)|re-?locat\w+|went|gone|left|leav\w+|work\w*"
         r"|transfer\w*)\b[^.;]{0,40}"
         r"\b(?:universit\w+|institut\w+|hospital|position|job|facility|medical cent\w+"
         r"|employer)\b"),
        (r"\b(?:sites?|cent(?:re|er)s?|hospitals?|institutions?|lab\w*"
         r"|departments?)\b[^.;]{0,25}\b(?:chang\w*"
         r"|unable|withdr\w+|no longer|clos\w+|unavailab\w+|declin\w+|would not|mov(?:ed|ing)"
         r"|restructur\w+)\b"),
        (r"\b(?:chang\w+|mov\w+|loss|lack|lost|alternate|unavailab\w+|availab\w+|restructur\w+)"
         r" (?:[\w']+ ){0,4}(?:sites?|cent(?:re|er)s?|hospital|lab\w*)\b"),
        rf"{_LED}[^.;]{{0,40}}\b{_LEFT}\b", rf"\b{_LEFT}\b[^.;]{{0,25}}\b{_LED}",
        rf"\b{_PRODUCT}\b[^.;]{{0,30}}\b{_GONE}\b", rf"\b{_GONE}\b[^.;]{{0,30}}\b{_PRODUCT}\b",
        r"equipment", r"technical", r"sabbatical", r"\bran out of\b",
        (rf"\b{_UNABLE}\b (?:to |with |in )?(?:[\w-]+ ){{0,3}}(?:obtain|get|receive|retain"
         rf"|produce|prepare|secure|procure|acquire"
         rf"|access|purchase"
         r"|import|collect\w*|abstract|measure\w*|retriev\w*|download\w*|handling|analy[sz]\w+"
         r"|validat\w+"
         r"|data|samples?|images?|signals?)\b"),
        (r"\b(?:no usable|lack of|not enough|insufficient) (?:study |access to )?(?:data|supplies"
         r"|substance)\b"),
        (r"\b(?:moved?|moving|transferr?\w*|transition\w*|gone) to (?:an? )?(?:new|another"
         r"|different)"),
        (r"\b(?:not|no longer|never|being) (?:being |to |to be )?(?:develop|manufactur"
         r"|market|produc"
         r"|sold)\w*"),
        r"\bno longer (?:\w+ly )?(?:being )?pursu\w+",
        (r"\bnot? (?:to )?(?:further )?pursu\w+ (?:of )?(?:(?:the|this|any"
         r"|further) ){0,2}(?:clinical "
         r"|drug )?(?:develop|indication|compound|drug|product|program)"),
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
# Another trial's number, and who decides, stand beside any reason; alone, another trial took over,
# or it is the sponsor's business.
ALONE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("external_evidence", re.compile(r"\bNCT ?0?\d{6,8}\b", re.IGNORECASE)),
    ("business", re.compile(
        r"spons[oe]r|\bcompan(?:y|ies)\b|study team|\binc\b|pharma|promot[eo]r"
        r"|\b(?:abbott|abbvie|allergan|amgen|astra ?zeneca|bayer|biogen|boehringer|bms|bristol"
        r"|celgene"
        r"|genentech|gilead|glaxo\w*|gsk|janssen|lilly|medtronic|merck|msd|novartis|novo nordisk"
        r"|pfizer"
        r"|roche|sanofi|takeda)\b", re.IGNORECASE
    )),
)  # fmt: skip
