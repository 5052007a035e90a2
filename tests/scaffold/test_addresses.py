"""No tracked file names a machine's folders or a package registry."""

import re

from tests.scaffold.tracked import named, tracked_files

# Put together from pieces, so that this file does not hold what it looks for.
ROOT = "/"
REGISTRIES = [f"{name}{rest}" for name, rest in (("py", "pi"), ("python", "hosted"), ("npm", "js"))]
PATTERNS = {
    "a machine's path": re.compile(rf"{ROOT}(?:work|root|farm)/|(?<![\w.:/~-]){ROOT}tmp/\w"),
    "a person's folder": re.compile(rf"(?<![\w.:/~-]){ROOT}(?:home|Users)/\w+/"),
    "a registry's address": re.compile(rf"(?i)\b(?:{'|'.join(REGISTRIES)})\.(?:org|com|net|io)\b"),
    "an index option": re.compile(r"--(?:(?:extra-)?index-url|find-links|trusted-host)\b"),
}


def found_in(text: str) -> list[str]:
    """Return what a text names that it should not, with the words that do."""
    return [
        f"{kind}: {found.group()}"
        for kind, pattern in PATTERNS.items()
        for found in pattern.finditer(text)
    ]


def test_the_patterns_find_what_they_look_for() -> None:
    assert found_in(f"see ({ROOT}root/x)")
    assert found_in(f"in {ROOT}tmp/x")
    assert found_in(f"'{ROOT}home/me/x'")
    assert found_in(f"from https://files.{REGISTRIES[1]}.org/x")
    assert found_in(f"pip install --extra{'-index'}-url x")
    assert not found_in("sqlite:///snapshots/monitor.db, ../shared/data, sqlite:////var/monitor.db")


def test_no_file_names_a_machine_folder_or_a_registry() -> None:
    found = {
        named(file): words
        for file in tracked_files()
        if (words := found_in(file.read_bytes().decode("utf-8", "replace")))
    }
    assert found == {}


def test_no_lock_file_of_uv_is_tracked() -> None:
    assert [named(file) for file in tracked_files() if file.name == "uv.lock"] == []
