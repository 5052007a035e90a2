"""Templates of the user's own take the place of the built-in ones, and say where they fail."""

import os
from pathlib import Path

import pytest
from jinja2.sandbox import SandboxedEnvironment

from monitor.errors import ConfigError, DeliveryError
from monitor.render.alerts import check_templates, render
from monitor.render.alerts.templates import NAMES, environment
from tests.render.alerts import samples

ENROLLED = {"designModule.enrollmentInfo": {"count": 240, "type": "ESTIMATED"}}
FOUND = samples.updated({**ENROLLED, "identificationModule.briefTitle": "<b>A & B</b>"})


def write(folder: Path, name: str, text: str) -> Path:
    """Write a template; return the folder."""
    (folder / name).write_text(text, "utf-8")
    return folder


def test_the_built_in_templates_are_there_and_sound() -> None:
    folder = Path(__file__).parents[3] / "monitor" / "render" / "templates"
    assert {file.name for file in folder.iterdir()} >= set(NAMES)
    check_templates(folder)


def test_one_template_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    own = write(tmp_path, "message.txt.j2", "{% for t in page.trials %}{{ t.title }}!{% endfor %}")
    check_templates(own)
    message, built_in = render(FOUND, own), render(FOUND)
    assert message.text == "<b>A & B</b>!\n"
    assert (message.html, message.subject) == (built_in.html, built_in.subject)


def test_a_template_of_html_is_escaped_like_the_built_in_one(tmp_path: Path) -> None:
    own = write(tmp_path, "message.html.j2", "{% for t in page.trials %}{{ t.title }}{% endfor %}")
    assert render(FOUND, own).html == "&lt;b&gt;A &amp; B&lt;/b&gt;"


def test_a_template_may_use_the_built_in_one(tmp_path: Path) -> None:
    text = '[trials] {% include "builtin/subject.txt.j2" %}'
    headline = render(samples.updated(ENROLLED), write(tmp_path, "subject.txt.j2", text)).subject
    assert headline == "[trials] Enrollment target 200 → 240 (+20%): Thing, asthma (NCT09000001)"


def test_a_subject_stays_one_line_whatever_its_template_says(tmp_path: Path) -> None:
    own = write(tmp_path, "subject.txt.j2", "one\n\ntwo\x1b " + "x" * 300)
    headline = render(FOUND, own).subject
    assert headline.startswith("one two␛ xxx")
    assert len(headline) == 200


def test_a_template_that_changes_is_read_again(tmp_path: Path) -> None:
    own = write(tmp_path, "subject.txt.j2", "first")
    assert render(FOUND, own).subject == "first"
    write(tmp_path, "subject.txt.j2", "second")
    os.utime(tmp_path / "subject.txt.j2", (1, 1))  # whatever the clock's grain
    assert render(FOUND, own).subject == "second"


@pytest.mark.parametrize(
    ("text", "headline"),
    [
        ("fine\n{% if %}", "line 2 fails: "),
        ("fine\n\n{{ page.sbuject }}", "line 3 fails: "),
        ("{{ 1 / 0 }}", "line 1 fails: division by zero"),
        ("{{ page.trials[7].title }}", "line 1 fails: "),
        ("{{ page.__class__.__mro__ }}", "line 1 refused: "),
        ("{% for t in page.trials %}{{ t.reasons + 1 }}{% endfor %}", "line 1 fails: "),
        ('{% include "none.j2" %}', "fails: "),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_is_told_with_file_and_line(
    tmp_path: Path, name: str, text: str, headline: str
) -> None:
    own = write(tmp_path, name, text)
    with pytest.raises(ConfigError) as reported:
        check_templates(own)
    assert f"{own / name}" in str(reported.value)
    assert headline in str(reported.value)
    assert "\n" not in str(reported.value)


def test_a_mistake_that_shows_only_later_leaves_the_message_for_another_try(tmp_path: Path) -> None:
    text = "{% for t in page.trials if t.status == 'withdrawn' %}{{ nothing }}{% endfor %}fine"
    own = write(tmp_path, "message.txt.j2", text)
    check_templates(own)
    assert render(samples.updated(ENROLLED), own).text == "fine\n"
    with pytest.raises(DeliveryError, match="'nothing' is undefined") as reported:
        render(samples.updated(samples.eventful()), own)
    assert not reported.value.permanent


def test_a_folder_that_holds_no_templates_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no folder of templates"):
        check_templates(tmp_path / "none")
    write(tmp_path, "mail.html.j2", "x")
    with pytest.raises(ConfigError, match=r"templates are named subject\.txt\.j2, message"):
        check_templates(tmp_path)


def test_a_template_that_is_no_text_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "message.txt.j2").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"message\.txt\.j2 fails"):
        check_templates(tmp_path)


def test_only_a_folders_own_templates_run_in_the_sandbox(tmp_path: Path) -> None:
    assert not isinstance(environment(None), SandboxedEnvironment)
    assert isinstance(environment(tmp_path), SandboxedEnvironment)
    write(tmp_path, "message.txt.j2", '{% include "builtin/message.txt.j2" %}')
    assert render(FOUND, tmp_path) == render(FOUND)
