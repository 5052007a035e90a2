"""What was tried of an installation, one line each."""

from monitor.model.checks import CheckStatus, Finding
from monitor.render.doctor import finding_line


def shown(about: str) -> str:
    """Return the line of a try that went well."""
    found = finding_line(Finding(about=about, verdict=CheckStatus.FINE, detail="it works"))
    return "".join(span.text for span in found.spans)


def test_names_stand_in_a_column_and_apart_from_what_is_said() -> None:
    names = ("clock", "channel ana-mail", "source car-t in lupus")
    assert {shown(name).index("it works") for name in names} == {26}
    assert shown("source of a very long name").endswith("name  it works")
