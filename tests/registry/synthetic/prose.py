"""The words of synthetic records: sentences, criteria, measures, names of organizations.

Sentences are put together once from parts; texts are stretches of them, so that long texts
are cheap and two records seldom share more than a sentence.
"""

import random
from bisect import bisect_left
from functools import cache

CONDITIONS = (
    "Systemic Lupus Erythematosus", "Lupus Nephritis", "Rheumatoid Arthritis", "Type 2 Diabetes",
    "Breast Cancer", "Non-small Cell Lung Cancer", "Melanoma", "Multiple Myeloma", "Asthma",
    "Chronic Kidney Diseases", "Heart Failure", "Hypertension", "Stroke", "Migraine", "Epilepsy",
    "Multiple Sclerosis", "Parkinson Disease", "Alzheimer Disease", "Depression", "Schizophrenia",
    "Psoriasis", "Atopic Dermatitis", "Crohn Disease", "Ulcerative Colitis", "Hepatitis B",
    "HIV Infections", "Tuberculosis", "Malaria", "COVID-19", "Influenza", "Sepsis", "Obesity",
    "Osteoarthritis, Knee", "Osteoporosis", "Glaucoma", "Dry Eye", "Endometriosis", "Preterm Birth",
    "Sickle Cell Disease", "Hemophilia A", "Cystic Fibrosis", "Acute Myeloid Leukemia", "Lymphoma",
    "Prostate Cancer", "Colorectal Cancer", "Pancreatic Cancer", "Low Back Pain", "Insomnia",
    "Smoking Cessation", "Periodontitis",
)  # fmt: skip
DRUGS = (
    "Belotranib", "Cartolimab", "Dexavirine", "Elsamotide", "Ferpravir", "Golvacept", "Humatinib",
    "Ibrasertib", "Jovatuzumab", "Kelsacaftor", "Lumiporfin", "Movaparib", "Nelvuciclib",
    "Ostarafenib", "Pemvastatin", "Quilizoban", "Rovagliptin", "Sulfarozan", "Tavagliflozin",
    "Umbrasone", "Velnacept", "Wexapride", "Xilodamide", "Yarcitinib", "Zolmetirant",
    "CD19 CAR-T cells", "BCMA CAR-T cells",
)  # fmt: skip
SPONSORS = (
    ("Northfield Therapeutics", "INDUSTRY"), ("Alder Bay Pharma", "INDUSTRY"),
    ("University Hospital Consortium", "OTHER"), ("Lakeshore Biologics", "INDUSTRY"),
    ("National Institute for Trial Research", "NIH"), ("Ridgeway Medical School", "OTHER"),
    ("Children's Health Network", "NETWORK"), ("Fjordland Oncology Group", "NETWORK"),
    ("Ministry of Health Research Office", "OTHER_GOV"), ("Sandpiper Devices", "INDUSTRY"),
    ("Corvus Cell Therapy", "INDUSTRY"), ("Meridian Veterans Clinic", "FED"),
)  # fmt: skip
FACILITIES = (
    "University Hospital", "Cancer Institute", "Saint Anne Children's Clinic",
    "Rheumatology Research Center", "Regional Medical Centre", "Heart and Vessel Hospital",
    "Clinical Pharmacology Unit", "Veterans Hospital", "Eye and Ear Infirmary",
    "Diabetes Outpatient Practice",
)  # fmt: skip
MEASURES = (
    "Overall survival", "Progression-free survival by blinded review", "Objective response rate",
    "Change from baseline in HbA1c", "Incidence of treatment-emergent adverse events",
    "Time to first relapse", "Forced expiratory volume in one second", "Mean daily pain score",
    "Area under the plasma curve", "Maximum tolerated dose", "Six-minute walk distance",
    "Quality of life questionnaire total", "Number of hospital readmissions",
    "Proteinuria below threshold", "Complete renal response", "Body weight loss of five percent",
    "Systolic pressure at trough", "Seizure frequency per month", "Bone mineral density of hip",
    "Viral load under detection limit", "Seroconversion after second vaccination",
    "Wound closure without infection", "Length of stay in intensive care", "Ventilator-free days",
    "Cognitive subscale score", "Hamilton rating scale improvement",
    "Abstinence confirmed by cotinine",
    "Intraocular lowering", "Live birth", "Skin clearance index of seventy-five",
    "Endoscopic remission", "Stool consistency diary", "Major bleeding events",
    "Stroke or systemic embolism", "Left ventricular ejection fraction", "Troponin release",
    "Minimal residual disease negativity", "Duration of remission", "CAR-T expansion peak",
    "Cytokine release syndrome grade three or higher", "Joint swelling count",
    "Radiographic erosion", "Fatigue visual analogue scale", "Sleep onset latency",
    "Medication adherence by pill count", "Cost per quality-adjusted year",
    "Caregiver burden interview", "School attendance", "Gingival depth at probing",
    "Tumour shrinkage on imaging", "Hemoglobin recovery", "Transfusion independence",
    "Neutrophil engraftment", "Chronic graft disease", "Patellar tracking angle",
    "Return to work", "Handgrip strength", "Vitamin level in serum", "Oxygen saturation at rest",
    "Urinary incontinence episodes", "Opioid consumption after surgery",
)  # fmt: skip
TIME_FRAMES = (
    "24 weeks", "12 months", "Baseline to Week 52", "Up to 5 years", "Day 28", "6 months",
    "From randomization to 30 days after the last dose", "1 hour before and 2 hours after",
)  # fmt: skip
REASONS = (
    "Slow accrual", "Sponsor decision, not related to safety", "Lack of funding",
    "Interim analysis for futility",
    "Safety concerns after review by the data monitoring committee",
    "Study drug no longer supplied", "The product was not approved by the authority",
)  # fmt: skip
_WHO = (
    "Participants", "Eligible patients", "Adults in the intervention group", "Children and parents",
    "Investigators at each site", "Trained nurses", "The control group", "All randomized subjects",
    "Patients with prior treatment", "Healthy volunteers", "The safety population", "Caregivers",
)  # fmt: skip
_DO = (
    "will receive the study treatment", "complete a validated questionnaire", "undergo imaging",
    "attend follow-up visits", "provide blood samples", "are assessed for adverse events",
    "continue standard of care", "record symptoms in an electronic diary", "are randomized",
    "discontinue when disease progresses", "return unused medication", "are contacted by telephone",
    "may cross over to the other arm", "have physical examinations", "give written consent",
)  # fmt: skip
_WHEN = (
    "at baseline", "every {n} weeks", "within {n} days of the first dose", "for up to {n} months",
    "at weeks {n} and {m}", "until day {m}", "before each of {n} cycles", "{n} hours after dosing",
    "during the {m}-week extension", "once daily for {n} days",
)  # fmt: skip
_WHY = (
    "to evaluate efficacy", "as described in the protocol", "unless toxicity occurs",
    "to measure pharmacokinetics (n={m})", "with a target of {m} mg", "according to local practice",
    "under supervision of a physician", "and outcomes are compared with placebo",
    "if the score is \\> {n}", "when the count is \\< {m} x 10\\^9/L", "in a ratio of {n}:1",
    "by an independent committee", "to reduce the risk of bias", "using a central laboratory",
)  # fmt: skip
_ITEMS = (
    "Age \\>= {n}8 years at screening", "Written informed consent", "ECOG status of 0 to {n}",
    "Hemoglobin \\>= {n}.{m} g/dL", "Platelet count \\< {m},000/µL",
    "Body mass index \\> {m} kg/m\\^2",
    "History of malignancy within {n} years", "Pregnant or breastfeeding women",
    "Known allergy to any excipient", "Creatinine clearance \\< {m} mL/min",
    "Participation in another study within {m} days", "Confirmed diagnosis for \\>= {n} months",
    "Active infection requiring treatment", "Use of anticoagulants in the last {n} weeks",
    "QTc interval \\> 4{m} ms", "Able to swallow tablets", "Adequate contraception for {n} months",
    "Uncontrolled hypertension (systolic \\> 1{m} mmHg)", "Seropositive for HIV, HBV or HCV",
    "Life expectancy of at least {n} months", "Prior therapy with \\[{m}-labelled\\] antibodies",
    "Score \\>= {m} on the screening scale", "Major surgery within {m} days before inclusion",
)  # fmt: skip


def _filled(template: str, draw: random.Random) -> str:
    return template.replace("{n}", str(draw.randrange(1, 10))).replace(
        "{m}", str(draw.randrange(10, 99))
    )


@cache
def _sentences() -> tuple[str, ...]:
    draw = random.Random(20260302)  # noqa: S311 - words, no secret
    parts = (_WHO, _DO, _WHEN, _WHY)
    return tuple(
        " ".join(_filled(draw.choice(words), draw) for words in parts) + "." for _ in range(6_000)
    )


@cache
def _criteria() -> tuple[str, ...]:
    draw = random.Random(20260303)  # noqa: S311 - words, no secret
    return tuple(
        f"{_filled(draw.choice(_ITEMS), draw)}"
        + (f", {_filled(draw.choice(_WHY), draw)}" if draw.random() < 0.5 else "")
        for _ in range(4_000)
    )


@cache
def _stretch() -> tuple[str, tuple[int, ...]]:
    """Return all sentences twice over as one text in paragraphs, and where each begins."""
    parts, begins, at = [], [], 0
    for number, sentence in enumerate(_sentences() * 2):
        begins.append(at)
        parts.append(sentence + ("\n\n" if number % 6 == 5 else " "))
        at += len(parts[-1])
    return "".join(parts), tuple(begins)


def text(start: int, length: int) -> str:
    """Return a text of about ``length`` characters, in paragraphs; ``start`` decides which."""
    whole, begins = _stretch()
    first = begins[start % (len(begins) // 2)]
    last = bisect_left(begins, first + length)
    return whole[first : begins[min(last, len(begins) - 1)]].rstrip()


def criterion(number: int) -> str:
    """Return one criterion of eligibility."""
    found = _criteria()
    return found[number % len(found)]


def criteria(start: int, included: int, excluded: int, extra: int) -> str:
    """Return eligibility criteria as a text of two lists; ``extra`` more are excluded."""
    at = start
    items = [criterion(at + step) for step in range(included + excluded)]
    more = [
        f"Received {DRUGS[(start + step) % len(DRUGS)]} in the last {step + 2} years"
        for step in range(extra)
    ]
    return (
        "Inclusion Criteria:\n\n* " + "\n* ".join(items[:included])
        + "\n\nExclusion Criteria:\n\n* " + "\n* ".join([*items[included:], *more])
    )  # fmt: skip
