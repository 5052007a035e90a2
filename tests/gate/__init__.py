"""Implausible data is held, not told: passes over a registry that shows it."""
