"""The undocumented API behind the website: /api/int/studies/{id} and its history."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.registry import answers, markup, parameters
from tests.registry.asked import INT
from tests.registry.catalogue import Alias, Document, RegistryVersion, Study
from tests.registry.errors import Refused
from tests.registry.paths import values
from tests.registry.world import World, stamped

_LABELS = {
    "identificationModule": "Study Identification", "statusModule": "Study Status",
    "sponsorCollaboratorsModule": "Sponsor/Collaborators", "oversightModule": "Oversight",
    "descriptionModule": "Study Description", "conditionsModule": "Conditions",
    "designModule": "Study Design", "armsInterventionsModule": "Arms and Interventions",
    "outcomesModule": "Outcome Measures", "eligibilityModule": "Eligibility",
    "contactsLocationsModule": "Contacts/Locations",
    "ipdSharingStatementModule": "IPDSharing", "referencesModule": "References",
    "participantFlowModule": "Participant Flow (Results)",
    "baselineCharacteristicsModule": "Baseline Characteristics (Results)",
    "outcomeMeasuresModule": "Outcome Measures (Results)",
    "adverseEventsModule": "Adverse Events (Results)",
    "moreInfoModule": "More Information (Results)",
    "largeDocumentModule": "Document Section",
}  # fmt: skip
_PROTOCOL = "protocolSection"
_OUTCOMES = (_PROTOCOL, "outcomesModule")
_ENROLLMENT = (_PROTOCOL, "designModule", "enrollmentInfo")
# What the index tells of the first version, and where it stands in a document.
_FOLLOWED = {
    "primaryOutcomes": (*_OUTCOMES, "primaryOutcomes"),
    "secondaryOutcomes": (*_OUTCOMES, "secondaryOutcomes"),
    "enrollmentInfo": _ENROLLMENT,
    "orgFullName": (_PROTOCOL, "identificationModule", "organization", "fullName"),
    "responsibleParty": (_PROTOCOL, "sponsorCollaboratorsModule", "responsibleParty"),
    "leadSponsor": (_PROTOCOL, "sponsorCollaboratorsModule", "leadSponsor"),
}


class HistoryApi:
    """Answers of the history API over a world; texts are HTML, versions count from 0."""

    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[Route]:
        """Return the routes."""
        study = f"{INT}/studies/{{nct_id}}"
        return [
            Route(study, self.study, methods=["GET"]),
            Route(f"{study}/history", self.index, methods=["GET"]),
            Route(f"{study}/history/{{version}}", self.version, methods=["GET"]),
        ]

    async def study(self, request: Request) -> Response:
        """Answer with the present study and, when asked, with its history."""
        try:
            nct_id, versions = self._versions(request)
            found = self.world.find(nct_id)
            if not isinstance(found, Study):
                raise Refused(404, f"NCT number {nct_id} not found")
        except Refused as refused:
            return answers.refusal(refused)
        body: dict[str, Any] = {
            "study": markup.to_html(stamped(found, self.world.day)),
            "topics": [],
        }
        if request.query_params.get("history") == "true":
            body["history"] = index(versions)
        return answers.encoded(request, answers.as_json(body), {"content-type": answers.JSON})

    async def index(self, request: Request) -> Response:
        """Answer with the list of versions."""
        try:
            _, versions = self._versions(request)
        except Refused as refused:
            return answers.refusal(refused)
        content = answers.as_json(index(versions))
        return answers.encoded(request, content, {"content-type": answers.JSON})

    async def version(self, request: Request) -> Response:
        """Answer with one version."""
        try:
            nct_id, versions = self._versions(request)
            number = request.path_params["version"]
            if not number.isdecimal() or int(number) >= len(versions):
                raise Refused(404, f"Version {number} of {nct_id} not found")
        except Refused as refused:
            return answers.refusal(refused)
        one = versions[int(number)]
        today = self.world.find(nct_id)
        study = as_kept(one, today.document() if isinstance(today, Study) else None)
        body = {"studyVersion": one.number, "study": markup.to_html(study)}
        return answers.encoded(request, answers.as_json(body), {"content-type": answers.JSON})

    def _versions(self, request: Request) -> tuple[str, Sequence[RegistryVersion]]:
        nct_id = parameters.nct_id(request.path_params["nct_id"])
        if nct_id is None:
            raise Refused(400, "Parameter `nctId` has incorrect format")
        day = self.world.day
        found = self.world.catalogue.find(nct_id, day)
        if isinstance(found, Alias):
            nct_id = found.nct_id
        versions = self.world.catalogue.history(nct_id, day)
        if not versions or found is None:
            raise Refused(404, f"NCT number {nct_id} not found")
        return nct_id, versions


def index(versions: Sequence[RegistryVersion]) -> dict[str, Any]:
    """Return the list of versions with what the registry tells about each."""
    documents = [version.document() for version in versions]
    changes = [
        _entry(version, document, documents[at - 1] if at else None)
        for at, (version, document) in enumerate(zip(versions, documents, strict=True))
    ]
    return {
        "changes": changes,
        "originalData": _original(documents),
        "lastUpdateVersions": {
            name: _last_change(documents, path)
            for name, path in (("outcomes", _OUTCOMES), *list(_FOLLOWED.items())[:3])
        },
        "outcomesUpdateCount": sum(
            _at(one, _OUTCOMES) != _at(other, _OUTCOMES) for one, other in pairwise(documents)
        ),
    }


def _entry(version: RegistryVersion, document: Document, before: Document | None) -> dict[str, Any]:
    status = document[_PROTOCOL].get("statusModule", {})
    entry: dict[str, Any] = {
        "version": version.number,
        "date": status.get("lastUpdateSubmitDate"),
        "status": status.get("overallStatus"),
        "studyType": document[_PROTOCOL].get("designModule", {}).get("studyType"),
        "moduleLabels": [] if before is None else _labels(before, document),
        "lastUpdateSubmitQcDate": status.get("lastUpdateSubmitDate"),
    }
    if version.review_not_passed:
        entry["reviewNotPassed"] = True
    return {name: value for name, value in entry.items() if value is not None}


def _labels(before: Document, after: Document) -> list[str]:
    def modules(document: Document) -> dict[str, Any]:
        sections = (document.get(name) or {} for name in
                    (_PROTOCOL, "resultsSection", "documentSection"))  # fmt: skip
        return {name: value for section in sections for name, value in section.items()}

    old, new = modules(before), modules(after)
    return [label for name, label in _LABELS.items() if old.get(name) != new.get(name)]


def _original(documents: Sequence[Document]) -> dict[str, Any]:
    first, last = documents[0], documents[-1]
    original: dict[str, Any] = {}
    for name, path in _FOLLOWED.items():
        value = _at(first, path)
        if value == _at(last, path):
            original[f"{name}Same"] = True
        else:
            original[name] = markup.to_html(value)
    return original


def _last_change(documents: Sequence[Document], path: tuple[str, ...]) -> int:
    pairs = enumerate(pairwise(documents), 1)
    changed = [at for at, (one, other) in pairs if _at(one, path) != _at(other, path)]
    return changed[-1] if changed else 0


def _at(document: Document, path: tuple[str, ...]) -> Any:
    value: Any = document
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def as_kept(version: RegistryVersion, today: Document | None) -> dict[str, Any]:
    """Return a version as the history API keeps it: not purely as of then.

    Coordinates and the references that the registry found are today's; derived sections are
    left out, as are results that its review did not let through.
    """
    document = version.document()
    kept = {name: document[name] for name in (_PROTOCOL, "hasResults") if name in document}
    if "resultsSection" in document and not version.review_not_passed:
        kept["resultsSection"] = document["resultsSection"]
    if "documentSection" in document:
        kept["documentSection"] = document["documentSection"]
    if today is not None:
        kept[_PROTOCOL] = _with_points(_with_references(dict(kept[_PROTOCOL]), today), today)
    return kept


def _with_references(protocol: dict[str, Any], today: Document) -> dict[str, Any]:
    path = (_PROTOCOL, "referencesModule", "references")
    found = [one for one in values(today, path) if one.get("type") == "DERIVED"]
    module = dict(protocol.get("referencesModule") or {})
    own = [one for one in module.get("references", []) if one.get("type") != "DERIVED"]
    if own or found:
        protocol["referencesModule"] = {**module, "references": [*found, *own]}
    elif "references" in module:
        del module["references"]
        protocol["referencesModule"] = module
    return protocol


def _with_points(protocol: dict[str, Any], today: Document) -> dict[str, Any]:
    def place(site: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(site.get(name) for name in ("facility", "zip", "country"))

    path = (_PROTOCOL, "contactsLocationsModule", "locations")
    points = {place(site): site.get("geoPoint") for site in values(today, path)}
    module = protocol.get("contactsLocationsModule")
    if not module or "locations" not in module:
        return protocol
    sites = [
        {**site, "geoPoint": point} if (point := points.get(place(site))) else site
        for site in module["locations"]
    ]
    return {**protocol, "contactsLocationsModule": {**module, "locations": sites}}
