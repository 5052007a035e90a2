"""The version of the rules and thresholds that events were derived by.

Each stored version keeps it, so that `monitor reclassify` finds the events of older rules.
"""

from hashlib import sha256

import orjson
from msgspec.structs import asdict

from monitor.settings import ThresholdSettings

RULES_VERSION = 17
"""Raise it with every change that makes other events of the same two versions of a record.

A test over kept pairs of versions fails until it is. Events by a lower number are then events by
older rules: ``monitor reclassify`` derives them anew.
"""


def rules_id(thresholds: ThresholdSettings) -> str:
    """Return the short name of the present rules with these thresholds: ``1-5f0c1d2e``.

    Equal ones derive equal events of equal versions, in every store.
    """
    numbers = {name: float(value) for name, value in asdict(thresholds).items()}
    digest = sha256(orjson.dumps(numbers, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return f"{RULES_VERSION}-{digest[:8]}"
