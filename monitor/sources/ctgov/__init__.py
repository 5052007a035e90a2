"""ClinicalTrials.gov by its documented API (v2): follows records pass by pass."""

from monitor.sources.ctgov.crawl import OnStep, Sizes
from monitor.sources.ctgov.source import CtgovSource

__all__ = ["CtgovSource", "OnStep", "Sizes"]
