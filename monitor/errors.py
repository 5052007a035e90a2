"""What can go wrong, one kind for each answer to "what happens next?".

Every error of the monitor's own derives from MonitorError and carries one clear
sentence for the person who reads it. Errors of libraries are translated at the edge
of the package that uses them (``raise StoreError(...) from exc``).
"""


class MonitorError(Exception):
    """Base of all errors that the monitor raises on purpose."""


class SourceError(MonitorError):
    """Records could not be retrieved; the next pass tries again."""


class HeldError(SourceError):
    """What a source shows is implausible and held until it is whole, or the operator accepts it."""


class RecordError(MonitorError):
    """A record cannot be read; its bytes are quarantined and the pass goes on."""


class ConfigError(MonitorError):
    """The configuration is wrong; names the key, the file and the fix. Stops at start."""


class StoreError(MonitorError):
    """The store cannot be read or written; the transaction is rolled back, the pass stops."""


class DamagedSnapshotError(StoreError):
    """A stored snapshot, or what was announced of a version, is not what was written.

    Only its trial cannot be gone on with.
    """


class NotFoundError(MonitorError):
    """What was asked for is not in the store."""


class UsageError(MonitorError):
    """The question itself is wrong (a malformed NCT ID, a version that cannot exist)."""


class DeliveryError(MonitorError):
    """A message could not be delivered; ``permanent`` decides between retry and dead letter.

    ``retry_after_s``: the pause that the service asked for; None where it asked for none.
    ``refused``: the service refused the message as services do that are being redeployed, too;
    after some time it is permanent.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool,
        retry_after_s: float | None = None,
        refused: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after_s = retry_after_s
        self.refused = refused
