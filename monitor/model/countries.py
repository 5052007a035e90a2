"""Countries: one under all the names that the registry has used for it over time.

The registry renames countries in all records at once: records of 2023 say "Korea, Republic of" and
"Turkey" where those of 2026 say "South Korea" and "Turkey (Türkiye)". Old versions keep the name of
their time. Source: the countries of ClinicalTrials.gov's records, and of its lists of locations.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

_NAMES: Mapping[str, tuple[str, ...]] = {
    "Bolivia": ("Bolivia, Plurinational State of",),
    "Brunei": ("Brunei Darussalam",),
    "Cabo Verde": ("Cape Verde",),
    "Czechia": ("Czech Republic",),
    "Côte d’Ivoire": ("Cote D'Ivoire", "Ivory Coast"),
    "Democratic Republic of the Congo": (
        "Congo, The Democratic Republic of the", "Congo, Democratic Republic of the", "Zaire",
    ),
    "Eswatini": ("Swaziland",),
    "Falkland Islands": ("Falkland Islands (Malvinas)",),
    "Hong Kong": ("Hong Kong SAR, China", "China, Hong Kong"),
    "Iran": ("Iran, Islamic Republic of", "Islamic Republic of Iran"),
    "Laos": ("Lao People's Democratic Republic", "Lao PDR"),
    "Libya": ("Libyan Arab Jamahiriya",),
    "Macau": ("Macao",),
    "Micronesia": ("Micronesia, Federated States of", "Federated States of Micronesia"),
    "Moldova": ("Moldova, Republic of", "Republic of Moldova"),
    "Myanmar": ("Burma", "Myanmar (Burma)"),
    "North Korea": (
        "Korea, Democratic People's Republic of", "Democratic People's Republic of Korea",
    ),
    "North Macedonia": (
        "Macedonia, The Former Yugoslav Republic of",
        "The Former Yugoslav Republic of Macedonia",
        "Former Yugoslav Republic of Macedonia",
    ),
    "Palestinian Territories": (
        "Palestinian Territory, Occupied", "Palestinian Territory", "Palestine, State of",
        "Palestine",
    ),
    "Republic of the Congo": ("Congo",),
    "Russia": ("Russian Federation",),
    "Réunion": ("Reunion",),
    "Slovakia": ("Slovak Republic",),
    "South Korea": ("Korea, Republic of", "Republic of Korea"),
    "Syria": ("Syrian Arab Republic",),
    "Taiwan": ("Taiwan, Province of China",),
    "Tanzania": ("Tanzania, United Republic of", "United Republic of Tanzania"),
    "The Bahamas": ("Bahamas",),
    "The Gambia": ("Gambia",),
    "Timor-Leste": ("East Timor",),
    "Turkey (Türkiye)": ("Turkey", "Türkiye"),
    "U.S. Virgin Islands": ("Virgin Islands (U.S.)", "Virgin Islands, U.S."),
    "Vatican City": ("Holy See (Vatican City State)", "Holy See"),
    "Venezuela": ("Venezuela, Bolivarian Republic of",),
    "Vietnam": ("Viet Nam",),
}  # fmt: skip
# Who looks for the country that is named within does not mean this one.
_NAMING_ANOTHER = re.compile(r"\bChina\b")
_BETWEEN_WORDS = re.compile(r"[^\w]+")


def _form(name: str) -> str:
    """Return a name without letter case, accents and marks."""
    # "Côte d’Ivoire" and "Cote D'Ivoire" have one form.
    bare = (char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    words = (word for word in _BETWEEN_WORDS.split("".join(bare).casefold()) if word)
    return " ".join(words)


# By form, so that each name is looked up once however it is written.
_NOW = {_form(one): now for now, others in _NAMES.items() for one in (now, *others)}


@lru_cache(maxsize=1_024)
def country_now(name: str) -> str:
    """Return the registry's present name of a country; one that was never renamed as it is."""
    return _NOW.get(_form(name), name)


@lru_cache(maxsize=1_024)  # a trial has hundreds of sites in a handful of countries
def country_word(name: str) -> str:
    """Return one word for all that the registry has used for a country."""
    return _form(country_now(name)) or name.casefold()


@lru_cache(maxsize=1_024)
def country_names(name: str) -> tuple[str, ...]:
    """Return a country's names, the one given first; none that names another country too."""
    now = country_now(name)
    others = (one for one in (now, *_NAMES.get(now, ())) if not _NAMING_ANOTHER.search(one))
    return tuple(dict.fromkeys((name, *others)))
