"""The reader and the builder of these tests take nothing for granted."""

from pathlib import Path

import pytest

from tests.deploy.building import Builder
from tests.deploy.dockerfile import Step, expand, read

START = "ARG BASE=python:3.13-slim\nFROM ${BASE} AS build\n"


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    """Return a builder of a project whose context holds one file."""
    project = tmp_path / "project"
    project.mkdir()
    (project / ".dockerignore").write_text("*\n!kept\n", "utf-8")
    (project / "kept").write_text("kept", "utf-8")
    (project / "left").write_text("left", "utf-8")
    return Builder(project=project, root=tmp_path / "root", base=tmp_path / "base")


def stages(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "Dockerfile"
    file.write_text(START + text, "utf-8")
    return file


def test_a_step_goes_on_behind_a_backslash_and_around_comments(tmp_path: Path) -> None:
    (stage,) = read(stages(tmp_path, "RUN one && \\\n  # no step\n  two\nUSER 1:1\n"))
    assert (stage.base, stage.name) == ("python:3.13-slim", "build")
    assert stage.steps == [Step(name="RUN", text="one && two"), Step(name="USER", text="1:1")]


@pytest.mark.parametrize("step", ["ADD a b", 'SHELL ["x"]', "RUN <<END", "ONBUILD RUN x"])
def test_a_step_that_is_not_known_is_an_error(tmp_path: Path, step: str) -> None:
    with pytest.raises(ValueError, match="knows no such step"):
        read(stages(tmp_path, step + "\n"))


def test_a_variable_that_is_not_set_is_an_error() -> None:
    with pytest.raises(KeyError):
        expand("$HERE/${THERE}", {"HERE": "x"})


def test_places_of_variables_lie_below_the_folder(builder: Builder, tmp_path: Path) -> None:
    text = 'ENV PLACE=/opt/x\nWORKDIR /w\nCOPY kept ./\nRUN mkdir -p "$PLACE" && cp kept "$PLACE"\n'
    image = builder.build(read(stages(tmp_path, text)))
    assert image.at("/opt/x/kept").read_text("utf-8") == "kept"
    assert image.folder == tmp_path / "root" / "w"


def test_what_the_context_does_not_hold_cannot_be_copied(builder: Builder, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="the context holds no left"):
        builder.build(read(stages(tmp_path, "COPY left ./\n")))


def test_a_command_that_fails_is_shown_with_its_words(builder: Builder, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no such luck"):
        builder.build(read(stages(tmp_path, "RUN echo no such luck >&2; exit 3\n")))


def test_a_command_on_the_machines_own_places_is_refused(builder: Builder, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="names places by variables"):
        builder.build(read(stages(tmp_path, "RUN touch /opt/machine\n")))
