"""Where the sections of a registry mirror's page begin and end.

The layout's only specification are the four such pages in ``seeds/``: a heading on a line of
its own, one explanatory sentence, then the facts. A heading counts as one only with its
sentence, because texts (criteria, descriptions) can hold the same words on a line.
"""

from monitor.errors import RecordError

STUDY_RESULTS = "Study Results"
BASIC_INFORMATION = "Basic Information"
BRIEF_SUMMARY = "Brief Summary"
DETAILED_DESCRIPTION = "Detailed Description"
CONDITIONS = "Conditions"
KEYWORDS = "Keywords"
STUDY_DESIGN = "Study Design"
STUDY_GROUPS = "Study Groups"
INTERVENTIONS = "Interventions"
OTHER_NAMES = "Other Intervention Names"
ELIGIBILITY = "Eligibility Criteria"
SPONSORS = "Sponsors"
RESPONSIBLE_PARTY = "Responsible Party"
OFFICIALS = "Principal Investigators"
LOCATIONS = "Locations"
COUNTRIES = "Countries"
CENTRAL_CONTACTS = "Central Contacts"
FACILITY_CONTACTS = "Facility Contacts"
IDENTIFIERS = "Other Identifiers"
RELATED = "More Related Trials"

RESULTS_PENDING = "Results pending"

SENTENCES = {
    STUDY_RESULTS: RESULTS_PENDING,
    BASIC_INFORMATION: "Get a concise snapshot of the trial, including recruitment status, study"
    " phase, enrollment targets, and key timeline milestones.",
    BRIEF_SUMMARY: "Review the sponsor-provided synopsis that highlights what the study is about"
    " and why it is being conducted.",
    DETAILED_DESCRIPTION: "Dive into the extended narrative that explains the scientific"
    " background, objectives, and procedures in greater depth.",
    CONDITIONS: "See the medical conditions and disease areas that this research is targeting or"
    " investigating.",
    KEYWORDS: "Explore important study keywords that can help with search, categorization, and"
    " topic discovery.",
    STUDY_DESIGN: "Understand how the trial is structured, including allocation methods, masking"
    " strategies, primary purpose, and other design elements.",
    STUDY_GROUPS: "Review each arm or cohort in the study, along with the interventions and"
    " objectives associated with them.",
    INTERVENTIONS: "Learn about the drugs, procedures, or behavioral strategies being tested and"
    " how they are applied within this trial.",
    OTHER_NAMES: "Discover alternative or legacy names that may be used to describe the listed"
    " interventions across different sources.",
    ELIGIBILITY: "Check the participation requirements, including inclusion and exclusion rules,"
    " age limits, and whether healthy volunteers are accepted.",
    SPONSORS: "Meet the organizations funding or collaborating on the study and learn about their"
    " roles.",
    RESPONSIBLE_PARTY: "Identify the individual or organization who holds primary responsibility"
    " for the study information submitted to regulators.",
    OFFICIALS: "Learn about the lead researchers overseeing the trial and their institutional"
    " affiliations.",
    LOCATIONS: "Explore where the study is taking place and check the recruitment status at each"
    " participating site.",
    COUNTRIES: "Review the countries where the study has at least one active or historical site.",
    CENTRAL_CONTACTS: "Reach out to these primary contacts for questions about participation or"
    " study logistics.",
    FACILITY_CONTACTS: "Find local site contact details for specific facilities participating in"
    " the trial.",
    IDENTIFIERS: "Review additional registry numbers or institutional identifiers associated with"
    " this trial.",
    RELATED: "Additional clinical trials that may be relevant based on similarity analysis.",
}

# A sentence that the site rewords must not hide the facts below it.
_ALIKE = 0.6
"""Share of words that a sentence must keep, both ways, to count as the same one reworded."""


def split(lines: list[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Return the lines above the first section, and each section's lines by its heading.

    Explanatory sentences are left out. RecordError: a section that stands twice.
    """
    above: list[str] = []
    sections: dict[str, list[str]] = {}
    current, skip = above, -1
    for index, line in enumerate(lines):
        if index == skip:
            continue
        sentence = _sentence_after(lines, index)
        if sentence is None:
            current.append(line)
            continue
        if line in sections:
            raise RecordError(f"the section {line!r} stands twice on the page")
        current = sections[line] = []
        if line != STUDY_RESULTS:  # what stands below that heading is its fact
            skip = sentence
    return above, sections


def _sentence_after(lines: list[str], index: int) -> int | None:
    """Return the place of a heading's sentence, past the end if cut off; None: no heading."""
    sentence = SENTENCES.get(lines[index])
    if sentence is None:
        return None
    following = next((i for i in range(index + 1, len(lines)) if lines[i]), len(lines))
    if following == len(lines) or _same_sentence(sentence, lines[following]):
        return following
    return None


def _same_sentence(known: str, line: str) -> bool:
    words, others = set(known.split()), set(line.split())
    shared = len(words & others)
    return shared >= _ALIKE * len(words) and shared >= _ALIKE * len(others)
