"""Words of many reasons for stopping: each gives a class only where no plainer word does.

Every quantifier over words or characters is bounded, so no text takes more than linear time.
"""

import re

# A record that should not have been registered has none of these reasons.
NO_TRIAL = re.compile(
    r"\bregist(?:er|ra)\w*|clinical ?trials\.gov|\b(?:mistake\w*|erroneous\w*|in error)\b"
    r"|\bnot (?:\w+ ){0,4}(?:clinical trial|interventional)",
    re.IGNORECASE,
)
# The first that is found gives the class, alone. None gives ``safety``: an alert of harm needs
# plainer words.
HINTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(words, re.IGNORECASE))
    for name, words in (
        (
            "external_evidence",
            (
                r"\b(?:another|other|additional|future|same|later|first) (?:[\w-]+ ){0,2}"
                r"(?:study|studies|trials?|research|protocols?|projects?|initiatives?)\b"
                r"|\bcompetition\b|\b(?:paper|article)s?\b"
                r"|\b(?:results?|data) (?:\w+ )?from \w+"
            ),
        ),
        (
            "regulatory",
            (
                r"\bapprov|authori[tsz]|\bgovernment|\bagency\b|clearance|\blegal|\blaws?\b"
                r"|\b(?:review|research|scientific) (?:[\w-]+ )?committee|\bunder review\b"
                r"|\brenew(?:al|ed)\b|\bpermi(?:t|ssion)|(?-i:\b(?:IDE|WHO|CDC|COI)\b)"
            ),
        ),
        (
            "efficacy",
            (
                r"\bresults?\b|\boutcomes?\b|\bfindings?\b|\bconclusion|underpower|\bpower\b"
                r"|\bnot met\b|variab|\bdos(?:es?|ing)\b"
                r"|\brates?\b|\bobserv|\bshow|\beviden|\beffect|\bdifferen|\brespon[ds]|\bPK\b"
                r"|pharmacokin|immunogen|\bcriteri|\bexpected\b|\bexpectation|recurrence"
                r"|\bfailures?\b"
                r"|\bhigher\b|\blower\b|\bbenefi|hypothes|inconclusive|\binconsisten"
            ),
        ),
        (
            "business",
            (
                r"\bPI\b|\bP\. ?I\.|\bDr\b|investigator|princip(?:al|le)\b|no longer (?:conduct"
                r"|perform)|research(?:er|ers| team)\b|physician|clinician"
                r"|therapist|\bteam|\bsites?\b|\bcent(?:er|re)s?\b|hospital|\binstitut|universit"
                r"|\blab"
                r"|department|\bclinic\b|\bsoftware|retire|resign|\bworkers?\b|\bshortage|\bunable"
                r"|\b(?:not|no longer) able\b|\bquality\b"
            ),
        ),
        (
            "design",
            (
                r"\bchang|\brevis|\bmodif|\bupdat|optimi[sz]|\bnew|\bnovel|\bthera|\btreatment"
                r"|\bprocedure|\btechni|\bsurg|\bprotocol|\bmethod|\bquestion|\bnecess|\bneed"
                r"|\bpractices?\b|\bclinical (?:use|utility|value)|formulat|randomi[sz]"
                r"|\bindication"
                r"|\bchemo|\badapt"
            ),
        ),
        (
            "accrual",
            (
                r"\bpatients?\b|\bparticipants?\b|\bsubjects?\b|\bvolunteers?\b|\bpopulation"
                r"|\bcases\b"
                r"|\beligib|\bconsent|\bscreen|\binclu|\binterest|\bfew\b|\bcontrols\b"
                r"|\bresponders\b"
            ),
        ),
        (
            "business",
            (
                r"\bdrugs?\b|\bdevices?\b|\bproduct|\bkits?\b|\btime|\baccess|\bleft\b|difficult"
                r"|\bpossible|\bproblem|\bissues?\b|\bcomplicated|\bdiscontinued\b|\bavailab"
                r"|\bproject|\bdata\b|\bimag(?:es"
                r"|ing)\b"
            ),
        ),
    )
)
