"""Texts that nothing may show: passwords, tokens, and URLs that hold one."""

from collections.abc import Callable


class Secret:
    """A secret that is looked up when it is used: ``reveal`` gives the text.

    So who sends nothing needs no secret, and settings can be printed. ConfigError from
    ``reveal`` names the place, and the variable or the file that does not give it.
    """

    __slots__ = ("_look_up",)

    def __init__(self, look_up: Callable[[], str]) -> None:
        self._look_up = look_up

    def reveal(self) -> str:
        """Return the text."""
        return self._look_up()

    def resolve(self) -> "Secret":
        """Return the secret as it is now, which later lookups do not change."""
        return Secret.of(self._look_up())

    @classmethod
    def of(cls, text: str) -> "Secret":
        """Return a text as a secret."""
        return cls(lambda: text)

    def __repr__(self) -> str:
        """Show that there is one."""
        return "Secret(***)"
