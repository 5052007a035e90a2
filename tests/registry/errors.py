"""Requests that the registry refuses, in its own words."""


class Refused(Exception):  # noqa: N818 - it is an answer, not an error of the replica
    """The request is answered with this status and this text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def bad_value(parameter: str, value: str) -> Refused:
    """Return the refusal of a parameter's value."""
    return Refused(400, f"Invalid value in parameter `{parameter}`: `{value}`")
