"""The replica's README: its example runs, and it names what there is."""

import re
from pathlib import Path

FOLDER = Path(__file__).parent
README = (FOLDER / "README.md").read_text("utf-8")


def test_the_example_runs() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})  # noqa: S102 - it is ours


def test_every_module_that_it_names_is_there_and_every_part_is_named() -> None:
    rows = [line.split("|") for line in README.splitlines() if line.startswith("|")][2:]
    named = {name for row in rows for name in re.findall(r"`([a-z_0-9]+)`", row[2] + row[3])}
    assert {name for name in named if not (FOLDER / f"{name}.py").exists()} == set()
    tests = {path.stem for path in FOLDER.glob("test_*.py")}
    unnamed = tests - named - {"test_readme", "test_script", "test_population"}
    assert unnamed == set()
