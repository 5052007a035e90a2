"""``monitor trials`` finds by the filters of subscriptions."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.calls import NOON, Monitor
from tests.cli.studies import NCT, OTHER, study

SEEDS = Path(__file__).parents[2] / "seeds"
CAR_T = ["NCT06897930", "NCT07085104"]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Monitor:
    """Return the command line on a store of the saved pages among the seeds."""
    folder = tmp_path_factory.mktemp("pages")
    monitor = Monitor(f"sqlite:///{folder / 'monitor.db'}", folder)
    monitor.answer("ingest", *(str(page) for page in sorted(SEEDS.glob("*.txt"))))
    return monitor


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Monitor:
    """Return the command line on a store of all seeds, and a configuration with synonyms."""
    folder = tmp_path_factory.mktemp("seeds")
    monitor = Monitor(f"sqlite:///{folder / 'monitor.db'}", folder)
    monitor.answer("ingest", *(str(page) for page in sorted(SEEDS.glob("*.txt"))))
    monitor.answer("ingest", str(SEEDS / "2026-07"))
    config = folder / "monitor.toml"
    config.write_text(
        '[synonyms]\ncar-t = ["CAR T", "chimeric antigen receptor T", "Descartes-08"]\n'
        'stopped = ["TERMINATED", "WITHDRAWN"]\n',
        "utf-8",
    )
    monitor.environ["MONITOR_CONFIG"] = str(config)
    return monitor


def found(monitor: Monitor, *options: str) -> list[str]:
    """Return the NCT IDs that a question finds."""
    return [trial["nct_id"] for trial in monitor.json("trials", *options)]


@pytest.mark.parametrize("written", ["CAR-T", '"CAR-T"', "CAR T cell", "cell, CAR T"])
def test_car_t_cells_are_found_and_natural_killer_cells_are_not(
    pages: Monitor, written: str
) -> None:
    assert found(pages, "--text", written) == CAR_T


@pytest.mark.parametrize("written", ["chimeric antigen receptor", '"chimeric antigen receptor"'])
def test_an_abbreviation_is_found_by_what_it_stands_for(pages: Monitor, written: str) -> None:
    """The natural killer cells are in: theirs is one, too, and their summary says so."""
    assert set(CAR_T) <= set(found(pages, "--text", written))
    assert found(pages, "--text", f"{written} T") == CAR_T
    others = ("--not-text", "natural killer", "--not-text", "CAR NK")
    assert found(pages, "--text", written, *others) == CAR_T


@pytest.mark.parametrize("key", ["condition", "intervention", "keyword"])
@pytest.mark.parametrize("written", ["CAR-T", "CAR T cell", "chimeric antigen receptor"])
def test_natural_killer_cells_are_found_only_where_their_text_speaks_of_the_receptor(
    seeds: Monitor, key: str, written: str
) -> None:
    killers = "NCT06377228"
    assert killers not in found(seeds, f"--{key}", written)
    text = killers in found(seeds, "--text", written)
    assert text == (written == "chimeric antigen receptor")
    assert killers not in found(seeds, "--text", f"{written} T")


def test_a_set_of_synonyms_brings_what_only_a_name_tells(pages: Monitor, seeds: Monitor) -> None:
    assert found(seeds, "--text", "car-t") == [*CAR_T, "NCT07089121"]
    assert found(seeds, "--text", "descartes 08") == [*CAR_T, "NCT07089121"]
    assert found(seeds, "--text", '"CAR T"') == CAR_T
    assert found(pages, "--text", "car-t") == CAR_T


def test_options_that_repeat_are_alternatives(seeds: Monitor) -> None:
    one, other = found(seeds, "--text", "CAR T"), found(seeds, "--text", "natural killer")
    assert one
    assert other
    assert found(seeds, "--text", "CAR T", "--text", "natural killer") == sorted({*one, *other})
    both = ("--text", "CAR T", "--text", "natural killer")
    assert found(seeds, *both, "--not-text", "killer") == one


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--condition", "systemic lupus"), [NCT, OTHER]),
        (("--condition", '"systemic lupus"'), [NCT, OTHER]),
        (("--condition", "erythematosus systemic"), [NCT, OTHER]),
        (("--condition", '"erythematosus systemic"'), []),
        (("--condition", "gout", "--condition", "lupus"), [NCT, OTHER]),
        (("--sponsor", "sponsor example"), [NCT, OTHER]),
        (("--not-condition", "lupus"), []),
        (("--status", "completed", "--status", "active, not recruiting"), [NCT, OTHER]),
        (("--not-status", "completed"), [NCT]),
        (("--status", "completed", "--condition", "lupus"), [OTHER]),
        (("--status", "completed", "--condition", "gout"), []),
        (("--text", "lupus", "--changed-since", "2026"), [NCT]),
    ],
)
def test_filters_choose_trials_as_they_choose_alerts(
    filled: Monitor, options: tuple[str, ...], expected: list[str]
) -> None:
    assert found(filled, *options) == expected


def test_trials_are_found_by_status_sponsor_and_condition_on_either_database(
    store_url: str, tmp_path: Path
) -> None:
    monitor = Monitor(store_url, tmp_path)
    names = {"conditionsModule": {"conditions": ["Asthma", "Sjögren's Disease"]}}
    without_status = study(sponsor="Hôpital Général")
    del without_status["protocolSection"]["statusModule"]["overallStatus"]
    monitor.ingest(without_status, study(nct_id=OTHER, modules=names))
    for options, expected in (
        ((), [NCT, OTHER]),
        (("--status", "recruiting"), [OTHER]),
        (("--not-status", "recruiting"), [NCT]),
        (("--sponsor", "hopital general"), [NCT]),
        (("--sponsor", "HÔPITAL"), [NCT]),
        (("--condition", "SJOGREN"), [OTHER]),
        (("--condition", "asthma", "--sponsor", "hopital"), []),
        (("--condition", "100%"), []),
    ):
        assert found(monitor, *options) == expected, options


def test_a_trial_is_found_by_what_it_says_now(filled: Monitor) -> None:
    gout = study("2026-03-20", modules={"conditionsModule": {"conditions": ["Gout"]}})
    filled.ingest(gout, at=NOON + timedelta(days=20))
    assert found(filled, "--condition", "lupus") == [OTHER]
    assert found(filled, "--condition", "gout") == [NCT]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--phase", "5"), "phase: the registry has no value '5'"),
        (("--country", "USA"), "for 'USA' the registry writes 'United States'"),
        (("--text", "…"), "text: '…' has no letter and no digit"),
        (("--not-condition", ""), "not condition: '' has no letter and no digit"),
        (("--status", "completed", "--status", "foo"), "there is no status 'FOO'"),
        (("--source", "lupus"), "there is no [[source]] 'lupus'"),
    ],
)
def test_what_could_find_nothing_is_refused(
    filled: Monitor, options: tuple[str, ...], said: str
) -> None:
    assert said in filled.complaint("trials", *options, code=2)


def test_a_set_may_name_statuses(seeds: Monitor) -> None:
    assert found(seeds, "--status", "stopped") == found(
        seeds, "--status", "terminated", "--status", "withdrawn"
    )
