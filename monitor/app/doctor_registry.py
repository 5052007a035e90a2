"""Asking the registry in every way there is, and the clock against its answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, get_args

import msgspec
from msgspec.structs import replace

from monitor.app.doctor_timeouts import CheckTimeoutError
from monitor.app.doctor_timeouts import run_check as ended
from monitor.app.wiring import App
from monitor.data_types import DataType
from monitor.errors import MonitorError, SourceError
from monitor.model.checks import CheckStatus, Finding
from monitor.settings import CtgovSourceSettings
from monitor.settings.sources import REGISTRY
from monitor.sources.http import (
    BusyError,
    Client,
    Hosts,
    HtmlAnswerError,
    HttpResponse,
    HttpStatusError,
    TimedOutError,
    TlsError,
    Transport,
    UnreachableError,
)

_VERSION_PATH = "/api/v2/version"
_TRY_S = 10.0
_MORE_S = 2.0
REGISTRY_S = 60.0
"""How long it takes at most to ask one registry in every way."""
# Schedules know nothing finer than a minute.
_TOLERATED_S = 60

Agent = Literal["default", "configured"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestVariant:
    """One way to ask: over a transport, as a user agent."""

    transport: Transport
    agent: Agent

    def __str__(self) -> str:
        return f"{self.transport} with the {self.agent} user agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantResponse:
    """What a try brought: the registry's version, or why there is none (``fault``).

    ``ahead_s``: by how many seconds our clock is ahead of the answer's Date.
    """

    way: RequestVariant
    detail: str
    fault: MonitorError | None = None
    ahead_s: float | None = None


class _RegistryVersion(msgspec.Struct):
    """What ``/api/v2/version`` answers."""

    apiVersion: str  # noqa: N815  # the registry's name
    dataTimestamp: str  # noqa: N815  # likewise


_VERSION = DataType[_RegistryVersion](_RegistryVersion)


def registry_findings(app: App, *, offline: bool) -> Iterator[Finding]:
    """Ask each registry of the sources for its version; compare its clock with ours."""
    if offline:
        yield _finding(CheckStatus.SKIPPED, "not asked (--offline)")
        yield Finding(
            about="clock", verdict=CheckStatus.SKIPPED, detail="nobody to ask (--offline)"
        )
        return
    sources = [one for one in app.settings.sources if isinstance(one, CtgovSourceSettings)]
    places = dict.fromkeys(source.base_url for source in sources if source.enabled)
    offsets: dict[str, float] = {}
    for base_url in places or (REGISTRY,):
        responses = [_request(app, base_url, way) for way in request_variants(app)]
        yield from _variant_findings(base_url, responses)
        known_offsets = [one.ahead_s for one in responses if one.ahead_s is not None]
        if known_offsets:
            offsets[base_url] = known_offsets[0]
    yield _clock(offsets)


def request_variants(app: App) -> list[RequestVariant]:
    """Return the ways to ask; the first one is how the sources ask."""
    http = app.settings.http
    # The configured one first: False sorts before True.
    transports: list[Transport] = sorted(get_args(Transport), key=lambda one: one != http.transport)
    agents: tuple[Agent, ...] = ("configured", "default") if http.user_agent else ("default",)
    return [
        RequestVariant(transport=transport, agent=agent)
        for transport in transports
        for agent in agents
    ]


def _request(app: App, base_url: str, way: RequestVariant) -> VariantResponse:
    given = app.settings.http
    settings = replace(
        given,
        user_agent=given.user_agent if way.agent == "configured" else "",
        transport=way.transport,
        connect_timeout_s=min(_TRY_S, given.connect_timeout_s),
        read_timeout_s=min(_TRY_S, given.read_timeout_s),
        total_timeout_s=min(_TRY_S, given.total_timeout_s),
        # The answer is a few hundred bytes long.
        answer_limit_mb=1,
        retry_attempts=1,
    )

    def send() -> VariantResponse:
        # A book of hosts of its own: nothing that is tried here is remembered.
        with Client(settings, base_url=base_url, hosts=Hosts(), may_switch=False) as client:
            answer = client.get(_VERSION_PATH)
        return _to_response(way, answer, app.now())

    try:
        return ended(send, about="registry", within_s=_TRY_S + _MORE_S)
    except MonitorError as exc:
        return VariantResponse(way=way, detail=str(exc), fault=exc)
    except CheckTimeoutError as exc:  # the name service, which nothing can end
        return VariantResponse(way=way, detail=str(exc), fault=TimedOutError(str(exc)))


def _to_response(way: RequestVariant, answer: HttpResponse, now: datetime) -> VariantResponse:
    if answer.status != 200:
        raise HttpStatusError(
            f"answered {answer.status} to {_VERSION_PATH}",
            status=answer.status,
            excerpt=answer.excerpt,
        )
    try:
        version = _VERSION.decode(answer.body)
    except msgspec.DecodeError as exc:
        raise SourceError(f"the answer to {_VERSION_PATH} is not the registry's: {exc}") from exc
    return VariantResponse(
        way=way,
        detail=f"API {version.apiVersion}, data of {version.dataTimestamp} ({answer.http_version})",
        ahead_s=_ahead_s(answer, now),
    )


def _ahead_s(answer: HttpResponse, now: datetime) -> float | None:
    try:
        date = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return None
    # "-0000" for the zone yields a time without one; a Date is in GMT whatever it says.
    return (now - (date if date.tzinfo else date.replace(tzinfo=UTC))).total_seconds()


def _variant_findings(base_url: str, responses: list[VariantResponse]) -> Iterator[Finding]:
    """Yield a finding for each way; only the sources' own has to work."""
    first, *others = responses
    working = next((one.way for one in responses if one.fault is None), None)
    for one in responses:
        detail = f"{base_url} over {one.way}: {one.detail}"
        if one.fault is None:
            yield _finding(CheckStatus.FINE, detail)
        elif one in others and first.fault is None:
            yield _finding(CheckStatus.WARNING, f"{detail} (not needed: {first.way} works)")
        else:
            yield _finding(CheckStatus.FAILED, detail, _fix(one, working))


def _fix(one: VariantResponse, working: RequestVariant | None) -> str:
    if working is not None:
        settings = f'transport = "{working.transport}"'
        if working.agent != one.way.agent == "configured":
            settings += ' and user_agent = ""'
        return f"{working} works: set {settings} under [http]"
    match one.fault:
        case UnreachableError():
            return "check base_url, DNS, firewall and proxy (HTTPS_PROXY)"
        case TimedOutError():
            return "try again later; check firewall and proxy (HTTPS_PROXY)"
        case TlsError():
            return "if a proxy signs with its own certificate, name its authority: SSL_CERT_FILE"
        case BusyError():
            return "try again later; the daemon waits and tries again by itself"
        case HtmlAnswerError():
            return "check base_url; a proxy may answer in the registry's place"
        case HttpStatusError(status=403):
            return "name another user_agent under [http], or try from another network"
        case _:
            return "check base_url: it is like https://clinicaltrials.gov"


def _clock(offsets: dict[str, float]) -> Finding:
    if not offsets:
        detail = "no server's answer to compare it with"
        return Finding(about="clock", verdict=CheckStatus.SKIPPED, detail=detail)
    # The smallest: the clock of one registry, or of a proxy, may be the wrong one.
    base_url, ahead_s = min(offsets.items(), key=lambda found: abs(found[1]))
    side = "ahead of" if ahead_s > 0 else "behind"
    detail = f"{abs(ahead_s):,.0f} s {side} {base_url}"
    if abs(ahead_s) <= _TOLERATED_S:
        return Finding(about="clock", verdict=CheckStatus.FINE, detail=detail)
    return Finding(
        about="clock",
        verdict=CheckStatus.WARNING,
        detail=detail,
        fix="set the clock (NTP): times of reading and the schedule hang on it",
    )


def _finding(verdict: CheckStatus, detail: str, fix: str = "") -> Finding:
    return Finding(about="registry", verdict=verdict, detail=detail, fix=fix)
