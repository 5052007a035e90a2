"""The field catalogue: what each path of a record is called and how it is compared.

Diff, classification, rendering and the parsers name fields by the constants that are gathered
here: the paths (``field_paths``), how lists are compared (``field_lists``), what values there can
be and what a record cannot do without (``field_values``), and what people read for a path
(``field_labels``).
"""

from monitor.model.field_labels import *  # noqa: F403 - the catalogue is one namespace
from monitor.model.field_lists import *  # noqa: F403 - the catalogue is one namespace
from monitor.model.field_paths import *  # noqa: F403 - the catalogue is one namespace
from monitor.model.field_values import *  # noqa: F403 - the catalogue is one namespace
