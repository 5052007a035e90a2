"""Registry text is untrusted: what steers a terminal is shown instead of sent.

The work is done by the model, because channels need it too.
"""

from monitor.model.neutral import neutral, neutral_lines

__all__ = ["neutral", "neutral_lines"]
