"""Synthetic trials: a scripted registry with a known list of changes, and a whole registry."""

from tests.registry.synthetic.expected import NOISE, Expected
from tests.registry.synthetic.population import Population
from tests.registry.synthetic.script import Script

__all__ = ["NOISE", "Expected", "Population", "Script"]
