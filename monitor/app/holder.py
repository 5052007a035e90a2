"""What this process is called where only one may do something at a time."""

import os
import secrets
import socket


def holder() -> str:
    """Return a name for this process as a holder of leases: ``host:4242:1f2e3d4c``."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
