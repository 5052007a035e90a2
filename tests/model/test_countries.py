"""A country is one under all its names over time."""

import pytest

from monitor.model.countries import country_names, country_now, country_word


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ("Korea, Republic of", "South Korea"),
        ("Korea, Democratic People's Republic of", "North Korea"),
        ("Russian Federation", "Russia"),
        ("Iran, Islamic Republic of", "Iran"),
        ("Turkey", "Turkey (Türkiye)"),
        ("turkiye", "Turkey (Türkiye)"),
        ("Czech Republic", "Czechia"),
        ("Moldova, Republic of", "Moldova"),
        ("Syrian Arab Republic", "Syria"),
        ("Viet Nam", "Vietnam"),
        ("Macedonia, The Former Yugoslav Republic of", "North Macedonia"),
        ("Cote D'Ivoire", "Côte d’Ivoire"),
        ("Taiwan, Province of China", "Taiwan"),
        ("Tanzania, United Republic of", "Tanzania"),
        ("Venezuela, Bolivarian Republic of", "Venezuela"),
    ],
)
def test_a_country_is_one_under_the_names_of_all_times(then: str, now: str) -> None:
    assert country_now(then) == country_now(now) == now
    assert country_word(then) == country_word(now.upper())
    assert now in country_names(then)


@pytest.mark.parametrize("one", ["Georgia", "Republic of", "", "???", "Niger"])
def test_other_names_stay_what_they_are(one: str) -> None:
    assert country_now(one) == one
    assert country_names(one) == (one,)


def test_countries_of_like_names_are_not_one() -> None:
    apart = ["North Korea", "South Korea", "Guinea", "Papua New Guinea", "Serbia", "Congo",
             "Democratic Republic of the Congo", "China", "Taiwan", "Hong Kong"]  # fmt: skip
    assert len({country_word(one) for one in apart}) == len(apart)


def test_no_name_of_a_country_names_another() -> None:
    assert not any("China" in name for name in country_names("Taiwan"))
