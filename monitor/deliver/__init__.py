"""One delivery pass: what is due by a channel is claimed, rendered, sent, and noted."""

from monitor.deliver.outcome import Report
from monitor.deliver.policy import Policy
from monitor.deliver.run import ChannelWorker

__all__ = ["ChannelWorker", "Policy", "Report"]
