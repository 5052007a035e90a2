"""Sets of synonyms: how they are written, and what filters may take from them."""

from pathlib import Path

import pytest

from monitor.config import load
from monitor.errors import ConfigError
from monitor.settings import Settings

PEOPLE = """
[[source]]
name = "lupus trials"
type = "ctgov"
query = { cond = "lupus" }
every = "1h"

[[subscription]]
name = "all"
subscriber = "ana"
"""


def settings(folder: Path, text: str) -> Settings:
    file = folder / "monitor.toml"
    file.write_text(text, "utf-8")
    return load(file, environ={"DRUG": "Descartes-08"})


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        settings(folder, text)
    return str(caught.value).removeprefix(f"{folder}/monitor.toml: ")


def test_a_set_has_texts_by_name(tmp_path: Path) -> None:
    found = settings(tmp_path, '[synonyms]\ncar-t = ["CAR T", "${DRUG}"]\n"β 2" = "beta"\n')
    assert found.synonyms == {"car-t": ("CAR T", "Descartes-08"), "β 2": ("beta",)}
    assert settings(tmp_path, "").synonyms == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[synonyms]\ncar = []", "[synonyms] 'car': a set needs at least one text"),
        ("[synonyms]\ncar = 3", "[synonyms] 'car' = 3 is invalid: expected a list of texts"),
        ('[synonyms]\ncar = ["…"]', "[synonyms] 'car': '…' has no letter and no digit"),
        (f'[synonyms]\ncar = ["{"x" * 201}"]', "is longer than 200 characters"),
        ('[synonyms]\n"…" = ["x"]', "[synonyms] '…': name a set by 1 to 64 characters"),
        ('[[synonyms]]\ncar = ["x"]', "[[synonyms]] is not a list; write [synonyms]"),
        ('[synonym]\ncar = ["x"]', "there is no section [synonym]; did you mean [synonyms]?"),
    ],
)
def test_a_set_that_could_find_nothing_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text)


def test_a_variable_cannot_make_a_set() -> None:
    with pytest.raises(ConfigError, match="synonyms are set in the file"):
        load(None, environ={"MONITOR_SYNONYMS__CAR": "x"})


@pytest.mark.parametrize(
    "given",
    ['status = "open"', 'country = "us"', 'source = "mine"', 'not = { status = "open" }'],
)
def test_a_set_stands_for_values_that_only_the_registry_names(tmp_path: Path, given: str) -> None:
    sets = '[synonyms]\nopen = ["RECRUITING", "NOT_YET_RECRUITING"]\nus = ["United States"]\n'
    people = f"{PEOPLE}filter = {{ {given} }}\n"
    assert settings(tmp_path, f'{sets}mine = ["lupus trials"]\n{people}').subscriptions
    assert '[[subscription]] "all"' in refusal(tmp_path, people)


def test_a_source_that_is_not_there_cannot_be_subscribed_to(tmp_path: Path) -> None:
    text = refusal(tmp_path, f'{PEOPLE}filter = {{ source = "lupus trial" }}\n')
    assert text.endswith("filter: there is no [[source]] 'lupus trial'; did you mean lupus trials?")
    assert settings(tmp_path, f'{PEOPLE}filter = {{ source = "Lupus Trials" }}\n').subscriptions
