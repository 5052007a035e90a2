"""What the index finds is what the plain definition sends, no more and no less."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise, product, zip_longest
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.detect.classify import classify
from monitor.detect.diff import diff
from monitor.detect.rules.base import Context
from monitor.match.change_set import ChangeSet
from monitor.match.matcher import Matcher
from monitor.model.changes import GROUPS, ChangeEvent, ChangeKind, Severity
from monitor.model.record import TrialRecord
from monitor.model.subscriptions import (
    FILTER_KEYS,
    Changes,
    Filter,
    Silence,
    Subscription,
    SubscriptionStatus,
    Trials,
)
from monitor.settings import ThresholdSettings
from tests.match import plain
from tests.match.examples import KNOWN, NCT, event, sent_by, wish
from tests.records import snapshot_series

NCT_IDS = (NCT, "NCT09000002", "NCT09000003")
KINDS = (ChangeKind.TRIAL_TERMINATED, ChangeKind.SITE_RENAMED, ChangeKind.COMPLETION_MOVED,
         ChangeKind.ENROLLMENT_TARGET_CHANGED)  # fmt: skip
# Few, so that filters and records often have some in common.
WORDS = ("lupus", "Lupus,", "of", "érythème", "ERYTHEME", "(", "2", '"of lupus"')
WHOLE = ("PHASE_1", "phase 1", "Phase", "2")
BEFORE, AFTER = KNOWN - timedelta(days=9), KNOWN + timedelta(days=9)
MADE = st.sampled_from([*[BEFORE] * 6, KNOWN, AFTER])


# To draw a whole phrase costs a fraction of drawing its words, and as many as there are words have
# one, two, three of them.
PHRASES = st.one_of(
    [
        st.sampled_from([" ".join(words) for words in product(WORDS, repeat=length)])
        for length in (1, 2, 3)
    ]
)
SOME_WHOLE = st.lists(st.sampled_from(WHOLE), min_size=1, max_size=3)
SOME_PHRASES = st.lists(PHRASES, min_size=1, max_size=3)
# What a record or a filter may have under a key.
TEXTS = {
    key: SOME_WHOLE if key in {"phase", "status", "study_type", "source"} else SOME_PHRASES
    for key in FILTER_KEYS
}
KEYS = {
    least: st.lists(st.sampled_from(FILTER_KEYS), min_size=least, max_size=2, unique=True)
    for least in (0, 1)
}


@st.composite
def values(draw: st.DrawFn, least: int = 0) -> dict[str, tuple[str, ...]]:
    """Draw values for some keys of a filter."""
    return {key: tuple(draw(TEXTS[key])) for key in draw(KEYS[least])}


filters = st.builds(Filter, wanted=values(least=1), excluded=st.just({}) | values()) | st.builds(
    Filter, excluded=values(least=1)
)
changes = st.builds(
    Changes,
    kinds=st.none() | st.frozensets(st.sampled_from(KINDS), min_size=1),
    min_severity=st.sampled_from([Severity.LOW, *Severity]),
    min_days=st.sampled_from([None, 30]),
    min_percent=st.sampled_from([None, 10.0]),
)
events = st.builds(
    event,
    st.sampled_from(KINDS),
    st.sampled_from(Severity),
    days=st.sampled_from([None, 0, 29, -30]),
    percent=st.sampled_from([None, 9.9, -10.0]),
    also=st.sampled_from([[], [], [], ["completion_moved"]]),
)
subscriptions = st.builds(
    wish,
    st.builds(
        Trials,
        nct_ids=st.frozensets(st.sampled_from(NCT_IDS[::-1]), max_size=1),
        filters=st.lists(filters, min_size=1, max_size=3).map(tuple),
        everything=st.sampled_from([*[False] * 9, True]),
    ),
    changes,
    subscriber=st.sampled_from(["ana", "ben"]),
    status=st.sampled_from(
        [*[SubscriptionStatus.ACTIVE] * 8, SubscriptionStatus.PAUSED, SubscriptionStatus.RETIRED]
    ),
    created_at=MADE,
)
silences = st.builds(
    Silence,
    id=st.just(1),
    subscriber=st.sampled_from([None, "ana", "ben"]),
    nct_id=st.sampled_from([None, *NCT_IDS]),
    kind=st.none() | st.sampled_from([*KINDS, "status", "noise"]),
    until=st.sampled_from([AFTER, AFTER, KNOWN, BEFORE]),
    created_at=MADE,
)


def document(parts: Mapping[str, list[str]], *aliases: str) -> dict[str, Any]:
    """Return a study with these texts under each key of a filter, and these former IDs."""
    first = {key: (found[0] if found else None) for key, found in parts.items()}
    return {
        "protocolSection": {
            "identificationModule": {
                "briefTitle": first["title"],
                "acronym": "lupus of",
                "nctIdAliases": list(aliases),
            },
            "statusModule": {"overallStatus": first["status"]},
            "sponsorCollaboratorsModule": {
                "leadSponsor": {"name": first["sponsor"]},
                "collaborators": [{"name": text} for text in parts["sponsor"][1:]],
            },
            "conditionsModule": {"conditions": parts["condition"], "keywords": parts["keyword"]},
            "descriptionModule": {"briefSummary": ". ".join(parts["text"])},
            "designModule": {"phases": parts["phase"], "studyType": first["study_type"]},
            "armsInterventionsModule": {
                "interventions": [
                    {"name": text, "otherNames": parts["intervention"][1:]}
                    for text in parts["intervention"][:1]
                ]
            },
            "contactsLocationsModule": {
                "locations": [
                    {"country": country, "city": city, "facility": facility}
                    for country, city, facility in zip_longest(
                        parts["country"], parts["city"], parts["facility"]
                    )
                ]
            },
        }
    }


records = st.builds(
    lambda parts, aliases: TrialRecord(nct_id=NCT, document=document(parts, *aliases)),
    st.fixed_dictionaries(TEXTS),
    st.sampled_from([(), (), NCT_IDS[1:2]]),
)
told = st.builds(
    ChangeSet,
    nct_id=st.just(NCT),
    old=st.none() | records,
    new=records,
    events=st.lists(events, min_size=1, max_size=3),
    backfilled=st.sampled_from([*[False] * 19, True]),
    known_at=st.just(KNOWN),
)


def numbered(wishes: Sequence[Subscription]) -> list[Subscription]:
    return [
        wish(
            one.trials, one.changes, id=number, subscriber=one.subscriber,
            status=one.status, created_at=one.created_at,
        )
        for number, one in enumerate(wishes)
    ]  # fmt: skip


def check(
    wishes: Sequence[Subscription], given_silences: Sequence[Silence], news: ChangeSet
) -> int:
    """Hold the matcher against the plain definition; return how many events are sent."""
    matcher = Matcher(wishes, given_silences)
    verdicts = sent_by(matcher, news)
    found = [(one.id, position, verdict.reason.name) for one, position, verdict in verdicts]
    assert found == plain.sent(wishes, given_silences, news)
    explained = list(matcher.explain(news))
    assert [answer for answer in explained if answer[2].sends] == verdicts
    assert len(explained) == len(wishes) * len(news.events)
    return len(verdicts)


@settings(max_examples=150)
@given(
    st.lists(subscriptions, min_size=4, max_size=8).map(numbered),
    st.lists(silences, max_size=3),
    told,
)
def test_the_index_loses_nothing_and_adds_nothing(
    wishes: list[Subscription], given_silences: list[Silence], news: ChangeSet
) -> None:
    check(wishes, given_silences, news)


@settings(max_examples=120)
@given(st.lists(filters, min_size=4, max_size=12), records, records)
def test_filters_alone_find_what_the_plain_definition_finds(
    wishes: list[Filter], old: TrialRecord, new: TrialRecord
) -> None:
    """Without anything else that could keep an event back."""
    requested = [wish(Trials(filters=(one,)), id=number) for number, one in enumerate(wishes)]
    news = ChangeSet(
        nct_id=NCT, old=old, new=new, events=[event()], backfilled=False, known_at=KNOWN
    )
    check(requested, [], news)


def test_real_changes_reach_whom_the_plain_definition_names(shared_data: Path) -> None:
    series = [versions for versions in snapshot_series(shared_data).values() if len(versions) > 1]
    pairs = [pair for versions in series for pair in pairwise(versions)]
    random = Random(7)  # noqa: S311 - repeatable, not secret
    wishes = [
        wish(trials, random.choice(REAL_CHANGES), id=number, subscriber=random.choice("ab"))
        for number, trials in enumerate(real_wishes(pairs, random, 150))
    ]
    hush = Silence(id=1, subscriber="a", nct_id=None, kind=ChangeKind.CONTACT_CHANGED,
                   until=KNOWN + timedelta(days=1), created_at=KNOWN)  # fmt: skip
    sent = Counter[str]()
    for old, new in pairs:
        news = real_news(old, new)
        sent["events"] += check(wishes, [hush], news)
        sent["news"] += bool(news.events)
    assert sent["news"] == 40
    assert sent["events"] > 200


REAL_CHANGES = (
    Changes(), Changes(min_severity=Severity.MEDIUM), Changes(kinds=GROUPS["sites"]),
    Changes(kinds=GROUPS["noise"] | GROUPS["dates"], min_days=30), Changes(min_percent=20),
)  # fmt: skip


def real_wishes(pairs: Sequence[Any], random: Random, count: int) -> list[Trials]:
    """Return filters made of words that the records have."""
    found = []
    for _ in range(count):
        study = random.choice(random.choice(pairs))
        wanted = {}
        for key in random.sample(FILTER_KEYS[:-1], random.choice((1, 1, 2, 3))):
            there = [text for text in plain.under(study, key) if isinstance(text, str)]
            wanted[key] = tuple(some_words(text, key, random) for text in there[:2])
        excluded = {"country": ("China",), "title": ("safety",)} if random.random() < 0.2 else {}
        found.append(Trials(filters=(Filter(wanted=wanted, excluded=excluded),)))
    return found


def some_words(text: str, key: str, random: Random) -> str:
    if key in {"phase", "status", "study_type"}:
        return text.lower().replace("_", random.choice((" ", "_", "")))
    words = text.split()
    start = random.randrange(len(words))
    return " ".join(words[start : start + random.choice((1, 2, 9))]).upper()


def real_news(old: Any, new: Any) -> ChangeSet:
    nct_id = new["protocolSection"]["identificationModule"]["nctId"]
    before, after = (TrialRecord(nct_id=nct_id, document=study) for study in (old, new))
    assert after.last_update_date is not None
    context = Context(
        old=before,
        new=after,
        version_date=after.last_update_date,
        first_start_date=before.start_date,
        thresholds=ThresholdSettings(),
    )
    found: Sequence[ChangeEvent] = classify(diff(before, after), context)
    return ChangeSet(nct_id=nct_id, old=before, new=after, events=found, backfilled=False,
                known_at=KNOWN)  # fmt: skip


def test_filters_that_many_share_are_told_in_each_ones_own_words() -> None:
    spelt = ("Lupus", "lupus", "LUPUS")
    wishes = [
        wish(Trials(filters=(Filter(wanted={"condition": (word,)}),)), id=number)
        for number, word in enumerate(spelt)
    ]
    conditions = {"conditionsModule": {"conditions": ["Lupus nephritis"]}}
    study = TrialRecord(nct_id=NCT, document={"protocolSection": conditions})
    news = ChangeSet(
        nct_id=NCT, old=None, new=study, events=[event()], backfilled=False, known_at=KNOWN
    )
    text = [verdict.words for _, _, verdict in sent_by(Matcher(wishes), news)]
    assert text == [f"condition: {word}" for word in spelt]


def test_a_matcher_answers_the_same_however_often_it_is_asked() -> None:
    study = TrialRecord(nct_id=NCT, document={})
    news = ChangeSet(
        nct_id=NCT, old=None, new=study, events=[event()], backfilled=False, known_at=KNOWN
    )
    matcher = Matcher([wish(), wish(Trials(everything=True), id=2)])
    first = sent_by(matcher, news)
    assert len(first) == 2
    list(matcher.explain(news))
    assert sent_by(matcher, news) == first
