"""English words that say little of what a text is about, and common abbreviations.

``likeness`` weighs words by them.
"""


def _word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Grammar.
STOP = _word_set("""
a about above after all also among an and any are as at be been before being below between both
but by can could did do does during each either else etc even ever every following for from
further had has have having he her his how i ie if in into is it its itself least less like may
more most much must my near of off on once one only onto or other our out over own per prior same
she should since so some such than that the their them then there these they this those through
throughout to too under until up upon us use used using via was we were what when where whether
which while who whom whose why will with within would you your
""")

# What is counted, of whom, and how one says so: "the primary efficacy endpoint is the number of
# participants who …". Told apart from other outcomes by what stands behind them.
COUNTING = _word_set("""
absolute accumulative amount analysis analyze analyzed arm assess assessed assesses assessing
assessment average baseline calculated cases category change changed changes compare compared
comparing comparison comparisons composite count cumulative defined definition demonstrate
determination determine determined determining difference differences efficacy end endpoint
endpoints estimate estimated evaluate evaluated evaluates evaluating evaluation examine examined
expressed first frequency given group groups incidence incidences individuals investigate main
mean measure measured measurement measurements measures measuring median n no number numbers
occurrence occurring outcome outcomes overall parameter parameters participant participants
patient patients people percent percentage percentages point points posttreatment pretreatment
presence prevalence primary principal proportion proportions ratio rate rates reach reached
reduction report reported reporting result results score scores secondary study subject subjects
total treated treatment treatments trial value values variable visit
""")

# Times: they tell when, not what.
TIMES = _word_set("""
day days daily hour hours hr hrs h min minute minutes month months monthly mo mos s sec second
seconds time times timepoint timepoints week weeks weekly wk wks year years yr yrs
""")

# Words of many outcomes of many trials: each says little by itself.
COMMON = _word_set("""
active activity administration body index achieve achieved achieving adult adults any assay blood
cause clinical clinically complete completion confirmed criteria data date degree develop
development disease documented dose doses duration effect effects effectiveness emergent
event events experience experienced factor free function functional grade high higher improve
improved improvement improvements increase increased initial intervention investigator laboratory
last late level levels long low lower maximum method minimum new normal onset patient period
performance placebo positive post pre profile progress questionnaire randomization randomisation
receive received receiving relationship relative related response responses scale serious severe
severity short significant specific standard status sum survival symptom symptoms system term test
therapy type use
""")

# Written out as people do; what a record itself spells out comes first.
ABBREVIATIONS = {
    "ae": "adverse events", "aes": "adverse events", "sae": "serious adverse events",
    "saes": "serious adverse events", "teae": "treatment emergent adverse events",
    "teaes": "treatment emergent adverse events", "adr": "adverse drug reactions",
    "os": "overall survival", "pfs": "progression free survival", "dfs": "disease free survival",
    "efs": "event free survival", "rfs": "recurrence free survival",
    "mfs": "metastasis free survival", "lfs": "leukemia free survival",
    "orr": "objective response rate", "cr": "complete response", "dor": "duration of response",
    "ttp": "time to progression", "dcr": "disease control rate", "cbr": "clinical benefit rate",
    "dlt": "dose limiting toxicity", "dlts": "dose limiting toxicity",
    "mtd": "maximum tolerated dose", "auc": "area under the curve",
    "cmax": "maximum concentration", "tmax": "time to maximum concentration",
    "pk": "pharmacokinetics", "pd": "pharmacodynamics", "qol": "quality of life",
    "hrqol": "health related quality of life",
    "bp": "blood pressure", "sbp": "systolic blood pressure", "dbp": "diastolic blood pressure",
    "bmi": "body mass index", "ldl": "low density lipoprotein", "hdl": "high density lipoprotein",
    "hba1c": "glycated hemoglobin", "a1c": "glycated hemoglobin", "hb": "hemoglobin",
    "fev1": "forced expiratory volume 1", "fvc": "forced vital capacity",
    "mi": "myocardial infarction", "dvt": "deep vein thrombosis", "pe": "pulmonary embolism",
    "vte": "venous thromboembolism", "ecg": "electrocardiogram", "ekg": "electrocardiogram",
    "lvef": "left ventricular ejection fraction", "egfr": "estimated glomerular filtration rate",
    "mri": "magnetic resonance imaging", "ct": "computed tomography",
    "psa": "prostate specific antigen", "iop": "intraocular pressure",
    "bcva": "best corrected visual acuity", "icu": "intensive care unit",
    "los": "length of stay", "ponv": "postoperative nausea and vomiting",
    "nrs": "numeric rating scale", "vas": "visual analog scale",
    "crp": "c reactive protein", "bmd": "bone mineral density",
    "svr": "sustained virologic response", "svr12": "sustained virologic response",
    "gfr": "glomerular filtration rate",
    "cns": "central nervous system", "copd": "chronic obstructive pulmonary disease",
    "wbc": "white blood cell", "rbc": "red blood cell", "gvhd": "graft versus host disease",
    "hiv": "human immunodeficiency virus", "cgi": "clinical global impression",
    "mace": "major adverse cardiac events", "pasi": "psoriasis area severity index",
    "rom": "range of motion", "6mwd": "6 minute walk distance", "6mwt": "6 minute walk test",
}  # fmt: skip

# What a scale measures: another one for the same thing is another way to measure it.
_SCALES = {
    "depression": "bdi cesd epds gds hamd hdrs ids madrs phq qids",
    "anxiety": "bai gad hama lsas spin stai",
    "anxiety depression": "hads hscl",
    "psychosis": "bprs panss saps sans",
    "mania": "ymrs",
    "obsession compulsion": "ybocs",
    "cognition": "adas moca mmse wais",
    "dementia": "cdr",
    "quality life": "eortc eq eq5d qlq sf sf12 sf36 whoqol",
    "disability function": "barthel edss haq mrs ndi odi rankin",
    "pain": "bpi mpq",
    "pain function": "koos womac",
    "sleep": "ess isi psqi",
    "parkinson": "updrs",
    "asthma control": "acq act",
    "disease activity": "asdas basdai bvas cdai das28 mayo sledai",
    "psoriasis": "pasi",
    "eczema": "easi scorad",
    "stroke": "nihss",
    "prostate symptoms": "ipss",
}
# What a quantity measures: two of the same thing are still two, as FEV1 and FVC.
_QUANTITIES = {
    "vision": "bcva etdrs",
    "glucose": "fpg hba1c ogtt",
    "insulin sensitivity": "clamp homa matsuda",
    "kidney function": "creatinine egfr gfr glomerular",
    "heart function": "bnp ejection lvef nyha",
    "lung function": "expiratory fev1 fvc pef spirometry",
    "exercise capacity": "6mwd 6mwt treadmill vo2",
    "motion": "extension flexion goniometer rom",
    "body composition": "dexa dxa",
    "viral load": "rna",
}


def _by_name(things: dict[str, str]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(thing.split()) for thing, names in things.items() for name in names.split()}


SCALES = _by_name(_SCALES)
MEASURED = {**SCALES, **_by_name(_QUANTITIES)}

# Synonyms; the first of each is the one that is compared.
SYNONYMS = {
    word: words.split()[0]
    for words in (
        "safety tolerability toxicity toxicities tolerance adverse",
        "death deaths mortality lethality fatal",
        "survival alive survivor survivors",
        "bleeding haemorrhage hemorrhage bled",
        "thrombosis thromboembolism thromboembolic",
        "kidney renal nephropathy",
        "liver hepatic",
        "lung pulmonary",
        "heart cardiac cardiovascular",
        "brain cerebral",
        "bone skeletal osseous",
        "muscle muscular",
        "skin cutaneous dermal",
        "tooth teeth dental",
        "gum gingival gingivitis",
        "eye ocular",
        "vision visual sight",
        "hearing auditory",
        "newborn neonate neonatal infant",
        "itching itch pruritus",
        "vomiting emesis",
        "smoking tobacco",
        "abstinence cessation quit quitting",
        "adherence compliance",
        "hospitalization hospitalisation hospitalizations admission admissions",
        "glucose glycemic glycaemic glycemia glycaemia",
        "glycated glycosylated",
        "viral virologic virological virus",
        "walking gait ambulation",
        "fever febrile",
        "urination voiding micturition",
        "tumor tumour neoplasm",
        "relapse recurrence",
        "exacerbation exacerbations flare flares",
        "rejection reject",
        "seizure seizures convulsion convulsions",
        "edema oedema swelling",
        "dyspnea dyspnoea breathlessness",
        "erythema redness",
        "antibody antibodies immunogenicity seroconversion titer titers titre titres",
        "pharmacokinetics pharmacokinetic pk",
    )
    for word in words.split()
}

# Numbers as they are spelled.
NUMBERS = {word: str(number) for number, word in enumerate(
    ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
     "eleven", "twelve")
)}  # fmt: skip

# Of two outcomes that differ in these, one has the one and the other the other.
OPPOSITES = (
    ("complete", "partial"), ("systolic", "diastolic"), ("left", "right"), ("upper", "lower"),
    ("gain", "loss"), ("increase", "decrease"), ("fasting", "postprandial"), ("peak", "trough"),
    ("objective", "subjective"), ("intra", "extra"), ("acute", "chronic"), ("early", "late"),
    ("minor", "major"), ("anterior", "posterior"), ("male", "female"),
    ("cmax", "tmax"), ("cmax", "cmin"), ("cmax", "ctrough"), ("cmax", "auc"), ("tmax", "auc"),
)  # fmt: skip
# An outcome with one of these is not the one without it.
NEGATIONS = _word_set("no not non without neither nor never absence absent free lack")
DIRECTIONS = _word_set("""
above below better decline decrease decreased decreasing drop elevated fewer gain greater higher
improve improved improvement increase increased increasing inferior inferiority less loss lower
maximum minimum more reduce reduced reduction rise superior superiority worse worsened worsening
equivalence equivalent
""")
