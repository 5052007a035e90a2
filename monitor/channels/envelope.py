"""A message as JSON: the CloudEvents envelope that webhooks and folders get."""

from typing import Any

import orjson

from monitor.errors import DeliveryError
from monitor.model.messages import Message
from monitor.model.nct import is_nct_id

MEDIA_TYPE = "application/cloudevents+json; charset=utf-8"
EVENT_TYPE = "trial-monitor.alert.v1"


def envelope(message: Message, source: str) -> bytes:
    """Return the message as an event of CloudEvents 1.0 in the structured mode.

    ``id`` is the message's uid, the same in every repetition; with ``source`` it is unique.
    ``subject`` is the NCT ID; a digest of several trials has none. ``time`` is when the change
    was stored, ``data`` what the message says. DeliveryError, permanent, where the data is no
    JSON.
    """
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": message.uid,
        "source": source,
        "type": EVENT_TYPE,
        "time": message.occurred_at,
        "datacontenttype": "application/json",
        # orjson writes dicts, and no other mapping.
        "data": dict(message.data),
    }
    if is_nct_id(message.thread):
        event["subject"] = message.thread
    try:
        return orjson.dumps(event, option=orjson.OPT_UTC_Z)
    except orjson.JSONEncodeError:
        raise DeliveryError("the message cannot be written as JSON", permanent=True) from None
