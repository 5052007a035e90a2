"""Tests about permissions run without root's leave, whoever starts them."""

import os
from pathlib import Path

import pytest

from tests.users import NOBODY, as_plain_user, plain_user


def test_an_action_runs_as_a_user_who_is_not_root() -> None:
    text = as_plain_user(lambda: f"{os.getuid()} {os.geteuid()} {os.getgid()} {os.getgroups()}")
    if os.geteuid() == 0:
        assert text == f"{NOBODY} {NOBODY} {NOBODY} []"
    else:
        assert text.startswith(f"{os.getuid()} {os.geteuid()} ")
        assert os.geteuid() != 0


@plain_user
def test_what_is_forbidden_is_forbidden(shared_folder: Path) -> None:
    (shared_folder / "closed").mkdir(mode=0)
    with pytest.raises(PermissionError):
        next((shared_folder / "closed").iterdir())


def test_a_test_that_fails_as_that_user_fails_with_its_words() -> None:
    @plain_user
    def failing() -> None:
        raise AssertionError("the sea is closed")

    with pytest.raises((AssertionError, pytest.fail.Exception), match="the sea is closed"):
        failing()
