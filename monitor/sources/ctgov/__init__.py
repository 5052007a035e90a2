"""ClinicalTrials.gov by its documented API (v2): follows records pass by pass.

``source`` begins a pass, ``crawl`` carries it, ``search``, ``batches`` and ``single_records`` are
its stages (docs/architecture.md, "Sources that are followed").
"""

from monitor.sources.ctgov.crawl import OnCrawlEvent, Sizes
from monitor.sources.ctgov.source import CtgovSource

__all__ = ["CtgovSource", "OnCrawlEvent", "Sizes"]
