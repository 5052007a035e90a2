"""Defaults that keep the registry friendly, names that are honest, libraries that load late."""

import subprocess
import sys
import textwrap

import pytest

from monitor import __version__
from monitor.sources.http import HttpSettings, user_agent


def test_the_defaults_stay_below_fifty_requests_a_minute() -> None:
    settings = HttpSettings()
    assert (settings.requests_per_minute, settings.answer_limit_mb) == (40, 256)
    assert (settings.transport, settings.http2) == ("httpx2", True)


def test_the_library_names_itself_last() -> None:
    settings = HttpSettings(contact="https://example.org/about")
    assert user_agent(settings, "python-httpx2/2.0") == (
        f"trial-monitor/{__version__} (+https://example.org/about) python-httpx2/2.0"
    )
    assert user_agent(HttpSettings(), "lib/1") == f"trial-monitor/{__version__} lib/1"
    assert user_agent(HttpSettings(user_agent="other/1", contact="me"), "lib/1") == "other/1"


@pytest.mark.parametrize("module", ["monitor.sources.base", "monitor.sources.http"])
def test_importing_the_sources_loads_no_http_library(module: str) -> None:
    code = f"""
        import sys
        import {module}
        heavy = {{"httpx2", "httpcore2", "h2", "requests", "urllib3", "ssl"}}
        print(sorted(heavy & set(sys.modules)))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
