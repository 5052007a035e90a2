"""From the ``[synonyms]`` table to sets of words that filters take for one another."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any

from msgspec import Meta

from monitor.config.checking import FaultError, checked
from monitor.config.given import Given
from monitor.errors import ConfigError
from monitor.match.filters import LONGEST_VALUE
from monitor.match.words import words_of

_LONGEST_NAME = 64
_Words = Annotated[
    tuple[str, ...], Meta(description='a list of texts: ["CAR T", "chimeric antigen receptor T"]')
]


def read_synonyms(
    tables: Iterable[Given], environ: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Return the words of each set by the set's name, in the file's order.

    ConfigError for a name or a text without a letter or a digit, one that is too long, and a set
    without texts.
    """
    found: dict[str, tuple[str, ...]] = {}
    for table in tables:
        for name, value in table.value.items():
            place = f"{table.place} {name[:_LONGEST_NAME]!r}"
            if not words_of(name) or len(name) > _LONGEST_NAME:
                raise ConfigError(
                    f"{place}: name a set by 1 to {_LONGEST_NAME} characters, a letter or a digit "
                    "among them"
                )
            given = replace(table, place=place, value=_listed(value))
            found[name] = checked(_Words, given, environ, refine=_texts)
    return found


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _texts(texts: tuple[str, ...]) -> tuple[str, ...]:
    if not texts:
        raise FaultError("a set needs at least one text")
    for text in texts:
        if not words_of(text):
            raise FaultError(f"{text[:40]!r} has no letter and no digit, so nothing could match it")
        if len(text) > LONGEST_VALUE:
            raise FaultError(f"{text[:40]!r}… is longer than {LONGEST_VALUE} characters")
    return tuple(dict.fromkeys(texts))
