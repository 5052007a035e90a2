"""From the configuration to the sources."""

from monitor.app.sources import first_base_url
from monitor.settings import CtgovSourceSettings, Settings

HERE, THERE = "http://here.test", "http://there.test"


def test_the_first_registry_is_that_of_an_enabled_source() -> None:
    off = CtgovSourceSettings(name="off", base_url=HERE, enabled=False)
    on = CtgovSourceSettings(name="on", base_url=THERE)
    assert first_base_url(Settings(sources=(off, on))) == THERE
    assert first_base_url(Settings(sources=(off,))) == "https://clinicaltrials.gov"
