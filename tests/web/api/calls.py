"""An API over a store, and answers that are held against its OpenAPI document."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import jsonschema
from msgspec.structs import replace as replaced

from monitor.app.tokens import add_token
from monitor.app.wiring import App
from monitor.settings import WebSettings
from monitor.web.site import Site, site_routes
from monitor.web.store_calls import StoreCalls
from tests.cli.calls import NOON, Monitor
from tests.cli.studies import NCT, OTHER, hostile_study, study
from tests.web.serving import answering, ask, served

BASE = "/api/v1"
HOSTILE = "NCT09000003"
WEB = WebSettings(requests_per_minute=0)


def fill(monitor: Monitor) -> None:
    """Store a trial of three versions, another of one, and a hostile one of two."""
    sites = (("Clinic A", "France", "RECRUITING"), ("Clinic B", "Spain", "RECRUITING"))
    hostile = [hostile_study(day, word=day) for day in ("2026-02-02", "2026-03-07")]
    for one in hostile:
        one["protocolSection"]["identificationModule"]["nctId"] = HOSTILE
    monitor.ingest(study("2026-02-02"), study(nct_id=OTHER, status="COMPLETED"), hostile[0])
    monitor.ingest(study("2026-03-04", sites=sites, enrollment=240), at=NOON + timedelta(days=3))
    monitor.ingest(
        study("2026-03-07", sites=sites, enrollment=240, status="WITHDRAWN", whyStopped="Funding"),
        hostile[1],
        at=NOON + timedelta(days=6),
    )
    for name in ("ana", "ben"):
        added = ("subscription", "add", "--subscriber", name, "--channel", "alerts")
        monitor.answer(*added, "--name", f"of {name}", "--condition", "lupus", "--country", "Spain")


@dataclass(frozen=True, kw_only=True)
class ApiResponse:
    """An answer over HTTP; ``body`` as JSON, None where there is none."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content) if self.content else None


class Api:
    """An API that is served; ``app`` may be replaced meanwhile."""

    def __init__(self, url: str) -> None:
        app = App.configured(None, environ={"MONITOR_DATABASE_URL": url})
        self.app = App(settings=replaced(app.settings, web=WEB), now=lambda: NOON)
        self.address = ("", 0)
        self.site: Site = ()
        self._tokens: dict[str, str] = {}

    @property
    def url(self) -> str:
        """Where the API is."""
        return f"http://{self.address[0]}:{self.address[1]}{BASE}"

    def token(self, name: str, **about: Any) -> str:
        """Return the secret of a token, made when it is first asked for."""
        if name not in self._tokens:
            given = {"subscriber": None, "operator": False, "until": None, **about}
            self._tokens[name] = add_token(self.app, name, **given)[1]
        return self._tokens[name]

    def set(self, **web: Any) -> None:
        """Change settings of ``[web]``."""
        self.app = replace(self.app, settings=replaced(self.app.settings, web=replaced(WEB, **web)))

    @cached_property
    def document(self) -> dict[str, Any]:
        """The OpenAPI document that the API serves."""
        found = ask(self.address, f"{BASE}/openapi.json")
        assert found[0] == 200
        return dict(json.loads(found[2]))

    def ask(
        self,
        path: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> ApiResponse:
        """Return an answer that the document allows."""
        query = urlencode(parameters or {}, doseq=True)
        address = f"{path}?{query}" if query else path
        sent = {**(headers or {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        status, found, content = ask(self.address, BASE + address, headers=sent)
        answer = ApiResponse(status=status, headers=found, content=content)
        self._require_described(urlsplit(address).path, answer)
        return answer

    def get(self, path: str, **parameters: Any) -> Any:
        """Return the body of a good answer; a parameter that Python reserves has a _ behind it."""
        named = {name.rstrip("_"): value for name, value in parameters.items()}
        answer = self.ask(path, named)
        assert answer.status == 200, answer.content
        return answer.body

    def _require_described(self, path: str, answer: ApiResponse) -> None:
        response = self._responses(path)[str(answer.status)]
        while "$ref" in response:
            response = self.document["components"]["responses"][response["$ref"].split("/")[-1]]
        if "content" not in response:
            assert answer.content == b""
            return
        [(media_type, content)] = response["content"].items()
        assert answer.headers["content-type"] == media_type
        schema = {**content["schema"], "components": self.document["components"]}
        jsonschema.validate(answer.body, schema, jsonschema.Draft202012Validator)

    def _responses(self, path: str) -> Mapping[str, Any]:
        """Return what the document says of an address, the one that is named in full first."""
        parts = path.split("/")
        for template in sorted(self.document["paths"], key=lambda one: "{" in one):
            names = template.split("/")
            pairs = zip(names, parts, strict=False)
            if len(names) == len(parts) and all(a == b or a[0] == "{" for a, b in pairs if a):
                found: Mapping[str, Any] = self.document["paths"][template]["get"]["responses"]
                return found
        raise AssertionError(f"the document has no {path}")


@contextmanager
def serving(url: str, folder: Path) -> Iterator[Api]:
    """Serve an API, with all of the site, over a store that is filled first."""
    fill(Monitor(url, folder))
    api = Api(url)
    api.site = site_routes(StoreCalls(lambda: api.app), host="127.0.0.1")
    with served(answering(), api.site) as server:
        api.address = server.address
        yield api


__all__ = ["BASE", "HOSTILE", "NCT", "OTHER", "Api", "ApiResponse", "fill", "serving"]
