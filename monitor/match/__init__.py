"""Whose subscriptions ask for which change events, and why. Pure: no clock, no I/O, no store."""
