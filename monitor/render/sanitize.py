"""Registry text is untrusted: what steers a terminal is shown instead of sent.

The work is done by the model, because channels need it too.
"""

from monitor.model.sanitize import sanitize, sanitize_lines

__all__ = ["sanitize", "sanitize_lines"]
