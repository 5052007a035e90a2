"""Ingest and delivery that are killed again and again, and what arrives in spite of it."""
