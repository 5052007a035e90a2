"""What every table of the configuration is made from."""

from msgspec import Struct


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the configuration file.

    A key's Meta says in its description what may be written; errors and documentation use it.
    """
